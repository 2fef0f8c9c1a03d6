import { mount } from "svelte";
import App from "./App.svelte";
import "./look/theme.css";
import "./look/base.css";
import "./stores/preferences.svelte.ts";

mount(App, { target: document.getElementById("app")! });
