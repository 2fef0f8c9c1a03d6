"""The scripts that come with Pinery: where they lie, what their headers say, the catalog of all."""

from pinery.app.library.folder import library_folder, library_script

__all__ = ["library_folder", "library_script"]
