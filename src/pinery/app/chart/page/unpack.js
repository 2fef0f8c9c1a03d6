// Unpacks the data that a file carries: gzip, base64, then columns.

import { prepare } from "./columns.js";

export async function unpack() {
  const text = document.getElementById("pinery-data").textContent.trim();
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return prepare(JSON.parse(await new Response(stream).text()));
}
