/**
 * Calls back with the iframe that the keyboard went into. A click inside of a frame of another origin gives the
 * page no event of its own: the window loses the focus once and hears nothing when it moves from frame to frame.
 * So the active element is looked at, four times a second and only while the page itself is not focused.
 */
export function watchFrameFocus(entered: (iframe: HTMLIFrameElement) => void): () => void {
  let last: Element | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;
  const look = (): void => {
    const active = document.activeElement;
    if (active === last) return;
    last = active;
    if (active instanceof HTMLIFrameElement) entered(active);
  };
  const left = (): void => {
    clearInterval(timer);
    timer = setInterval(look, 250);
    setTimeout(look); // The active element changes after the event.
  };
  const back = (): void => {
    clearInterval(timer);
    last = null;
  };
  window.addEventListener("blur", left);
  window.addEventListener("focus", back);
  return () => {
    back();
    window.removeEventListener("blur", left);
    window.removeEventListener("focus", back);
  };
}
