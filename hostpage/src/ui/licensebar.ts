import { h } from "./h.js";
import type { LicenseNotice } from "./license.js";

/** The line under the bar that says what is wrong with the license. It stays as long as that is so. */
export class LicenseBar {
  readonly element = h("div", { class: "cf-license", role: "alert", hidden: true });
  #shown = "";

  set(notice: LicenseNotice | undefined): void {
    const shown = notice?.grave ? `${notice.title}\n${notice.text}` : "";
    // What is announced already is not announced again.
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.element.hidden = shown === "";
    this.element.replaceChildren(...(notice?.grave ? [h("strong", {}, `${notice.title}.`), " ", h("span", {}, notice.text)] : []));
  }
}
