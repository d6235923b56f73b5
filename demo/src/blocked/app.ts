/** Blocked: an app whose origin is on the platform's block list. It asks to be let in, and shows how it is refused. */
import { connect, CrossframeError } from "@crossframe/client";
import { byId } from "../dom.js";
import { hubOrigins, isAlone } from "../join.js";
import { showState } from "../status.js";

const headline = byId("headline", HTMLElement);
const reason = byId("reason", HTMLElement);

showState("connecting", "connecting…");
connect({ app: "blocked", ...hubOrigins() }).then((hub) => {
  headline.textContent = "Let in";
  reason.textContent = "The platform's block list does not name this app's origin (any more).";
  showState("connected", `connected as ${hub.me.instance}`);
}, showRefusal);

function showRefusal(error: unknown): void {
  if (!(error instanceof CrossframeError)) throw error;
  if (isAlone(error)) {
    headline.textContent = "No hub here";
    reason.textContent = "Open this app in a workspace to see it refused.";
    showState("alone", "no hub: nobody was asked");
    return;
  }
  byId("verdict", HTMLElement).classList.add("refused");
  headline.textContent = "Refused";
  const code = byId("code", HTMLElement);
  code.textContent = error.code;
  code.hidden = false;
  reason.textContent = error.message;
  byId("origin", HTMLElement).textContent = location.origin;
  byId("remedy", HTMLElement).hidden = error.code !== "ORIGIN_BLOCKED";
  showState("ended", `refused: ${error.code}`);
}
