import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./index.css";
import { App } from "@/app";
import { startSession } from "@/connection/session";
import { startI18n } from "@/i18n/i18n";
import { applyTheme } from "@/settings/theme";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
applyTheme();
void startSession();
await startI18n();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
