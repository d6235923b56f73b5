import { LinkConnected, LinkOffline, LinkRefused, LinkSignedOut, MarkChallenge } from "@crossframe/protocol";
import type { Challenge, Fault, FrameSpec, FrameState, LinkState, User } from "@crossframe/protocol";
import { Frames } from "../frames/frames.js";
import { Launcher } from "../launcher/apps.js";
import type { HubHandle } from "../launcher/apps.js";
import type { Command } from "../launcher/command.js";
import { Palette } from "../launcher/palette.js";
import { DockviewEngine } from "../workspaces/dockview.js";
import type { LayoutEngine } from "../workspaces/layout.js";
import { loadWorkspace } from "../workspaces/saved.js";
import type { SavedWorkspace } from "../workspaces/saved.js";
import { Bar, nameOf } from "./bar.js";
import { workspaceCommands } from "./commands.js";
import type { PageActions } from "./commands.js";
import { Desk } from "./desk.js";
import { EmptyState } from "./empty.js";
import { h } from "./h.js";
import { Keeper } from "./keeper.js";
import { ConnectionLog } from "./log.js";
import { bindShortcuts, shortcutDialog } from "./shortcuts.js";
import { pageStore } from "./pagestore.js";
import { StatusButton } from "./status.js";
import type { HubStatus } from "./status.js";
import { ThemeSwitch } from "./theme.js";
import { Toasts } from "./toasts.js";
import type { Toast } from "./toasts.js";

export interface ShellOptions {
  /** Name of the platform, in the bar and the window's title; if absent, "Crossframe". */
  readonly title?: string;
  /** The workspace is kept in localStorage under this key; if absent, it is not kept. */
  readonly storageKey?: string;
  /** What an instance was started with, so that it is started with the same when the workspace is restored. */
  readonly contextOf?: (instance: string) => unknown;
  readonly on: ShellListener;
}

/** What the shell tells the runtime. */
export interface ShellListener {
  /** A document of the frame finished loading; told for each one, error pages of the browser included. */
  loaded(frame: number): void;
  /** Someone closed the panel; its frame is gone. `frame` is undefined where the instance had none yet. */
  removed(frame: number | undefined, instance: string): void;
  /** The frame could not be made, or the browser blocked its address; undefined where it is not known which frame. */
  failed(frame: number | undefined, fault: Fault): void;
  /** Someone asked for the app to be loaded anew. The shell has done that already where there is a frame. */
  retry(frame: number | undefined, instance: string): void;
  /** Whether the configuration lets people end the hub's program, to show that the platform survives it. */
  mayCrash(): boolean;
  crash(): void;
}

/** The users that a developer may choose from, and whom the page is used as. */
export interface Users {
  readonly list: readonly User[];
  readonly current: string | undefined;
  choose(id: string): void;
}

/**
 * Shell is the visible main page. It renders at once and needs no hub: frames come when the runtime asks for them.
 * It decides nothing about apps; it shows what the hub decided and passes on what people do.
 */
export interface Shell {
  readonly frames: Frames;
  /** The workspace of the last visit. Its panels stand already, waiting for `open` under their instance ids. */
  readonly restored: SavedWorkspace | undefined;
  /** Makes the frame of an instance, in the panel that waits for it or in a new one. One that runs is shown as it is. */
  open(frame: number, spec: FrameSpec): void;
  /** Removes a frame and its panel, on behalf of the hub. */
  close(frame: number): void;
  /** Posts the nonce to the window. Returns false where it cannot be posted. */
  challenge(frame: number, challenge: Challenge): boolean;
  setState(frame: number, state: FrameState): void;
  /** A restored instance could not be started; its panel says why. */
  restoreFailed(instance: string, fault: Fault): void;
  /** Name of the platform, where it becomes known later than the shell. */
  setTitle(title: string): void;
  setHub(status: HubStatus): void;
  /** The users that a developer may choose from. */
  setUsers(users: Users): void;
  /** Takes the connected hub, which knows the apps and the audit events. */
  attach(hub: HubHandle): Promise<void>;
  notify(toast: Toast): void;
  dispose(): void;
}

const themeKey = "crossframe.theme";

export function createShell(root: HTMLElement, options: ShellOptions): Shell {
  return new PageShell(root, options);
}

class PageShell implements Shell {
  readonly frames: Frames;
  readonly restored: SavedWorkspace | undefined;
  readonly #root: HTMLElement;
  readonly #on: ShellListener;
  readonly #toasts = new Toasts();
  readonly #log = new ConnectionLog();
  readonly #store = pageStore();
  readonly #theme = new ThemeSwitch(this.#store, themeKey);
  readonly #status = new StatusButton();
  readonly #palette = new Palette();
  readonly #launcher: Launcher;
  readonly #bar: Bar;
  readonly #empty: EmptyState;
  readonly #engine: LayoutEngine;
  readonly #desk: Desk;
  readonly #keeper: Keeper;
  readonly #commands: readonly Command[];
  readonly #shortcuts: HTMLDialogElement;
  readonly #stops: (() => unknown)[];
  #unwatch: (() => unknown) | undefined;
  #users: Users | undefined;

  constructor(root: HTMLElement, { title = "Crossframe", storageKey, contextOf, on }: ShellOptions) {
    this.#root = root;
    this.#on = on;
    const found = storageKey === undefined ? {} : loadWorkspace(this.#store, storageKey);
    this.restored = found.workspace;
    const actions = this.#actions();
    this.#launcher = new Launcher((app, error) => this.#complain(`${app} could not be started`, error));
    this.#bar = new Bar(this.#status, actions);
    this.#empty = new EmptyState(actions.addApp);
    const grid = h("div", { class: "cf-grid" });
    this.#render(grid);
    this.#bar.setTheme(this.#theme.theme);
    this.setTitle(title);

    this.#engine = new DockviewEngine(grid, { decorate: (panel, tab) => this.#desk.decorate(panel, tab) });
    this.frames = new Frames({
      loaded: (frame) => {
        this.#desk.loaded(frame);
        on.loaded(frame);
      },
      failed: (frame, fault) => this.#blocked(frame, fault),
    });
    this.#keeper = new Keeper(this.#store, storageKey, () => this.#desk.save(contextOf));
    this.#desk = new Desk({ engine: this.#engine, frames: this.frames, log: this.#log, on, changed: () => this.#changed() });

    this.#commands = workspaceCommands(this.#engine, actions);
    this.#shortcuts = shortcutDialog(this.#commands);
    root.append(this.#shortcuts);
    this.#stops = [bindShortcuts(this.#commands), this.#engine.on("menu", () => this.#showPanelCommands())];
    this.#restore(found.problem);
  }

  open(frame: number, spec: FrameSpec): void {
    this.#desk.open(frame, spec);
  }

  close(frame: number): void {
    this.#desk.closeFrame(frame);
  }

  challenge(frame: number, { nonce, origin, window = 0 }: Challenge): boolean {
    return this.frames.post(frame, window, { crossframe: MarkChallenge, nonce }, origin);
  }

  setState(frame: number, state: FrameState): void {
    this.#desk.setState(frame, state);
  }

  restoreFailed(instance: string, fault: Fault): void {
    this.#desk.restoreFailed(instance, fault);
  }

  setTitle(title: string): void {
    this.#bar.setTitle(title);
  }

  setHub(status: HubStatus): void {
    const before = this.#status.status;
    this.#status.set(status);
    if (status.state === "stopped" && before.state !== "stopped") {
      this.#complain("The hub does not run", status.fault?.message ?? "It stopped.");
    } else if ((status.restarts ?? 0) > (before.restarts ?? 0)) {
      this.#toasts.show({ title: "The hub was restarted", text: "Apps stay open and keep their connections." });
    }
    this.#tellBroker(before.broker?.state, status.broker);
  }

  setUsers(users: Users): void {
    this.#users = users;
    this.#bar.setUser(users.list.find(({ id }) => id === users.current));
  }

  async attach(hub: HubHandle): Promise<void> {
    this.#launcher.attach(hub);
    this.#unwatch?.();
    const watching = hub.audit?.watch((event) => {
      this.#log.audit(event);
      if (event.code === "ORIGIN_BLOCKED") this.#toastWithLog(`Blocked origin ${event.origin ?? ""}`);
    });
    [this.#unwatch] = await Promise.all([watching, this.#refreshApps(() => this.#commands)]);
  }

  notify(toast: Toast): void {
    this.#toasts.show(toast);
  }

  dispose(): void {
    this.#keeper.dispose();
    this.#unwatch?.();
    for (const stop of this.#stops) stop();
    this.#desk.dispose();
    this.frames.dispose();
    this.#engine.dispose();
    this.#toasts.dispose();
    this.#root.replaceChildren();
  }

  #actions(): PageActions {
    return {
      addApp: () => void this.#showApps(),
      showPalette: () => void this.#showAll(),
      closePanel: (panel) => this.#desk.close(panel),
      restartPanel: (panel) => this.#desk.retry(panel),
      enterPanel: (panel) => this.#desk.enter(panel),
      resetLayout: () => this.#desk.reset(),
      nextTheme: () => this.#bar.setTheme(this.#theme.next()),
      toggleLog: () => this.#log.toggle(),
      showShortcuts: () => this.#shortcuts.showModal(),
      mayChangeUser: () => this.#users !== undefined,
      changeUser: () => void this.#showUsers(),
      mayCrash: () => this.#on.mayCrash(),
      crash: () => this.#on.crash(),
    };
  }

  #render(grid: HTMLElement): void {
    const workspace = h("main", { class: "cf-workspace", "aria-label": "Workspace" }, grid, this.#empty.element);
    this.#root.replaceChildren(
      h("div", { class: "cf-shell" }, this.#bar.element, this.#status.licenseBar.element, workspace),
      this.#status.popover,
      this.#log.element,
      this.#palette.element,
      this.#toasts.element,
      ...this.#toasts.regions,
    );
  }

  #restore(problem: string | undefined): void {
    if (this.restored) this.#desk.restore(this.restored);
    this.#empty.element.hidden = !this.#desk.empty;
    if (problem === undefined) return;
    this.#toasts.show({
      kind: "error",
      title: "The saved workspace could not be read",
      text: `It was put aside, and you begin with an empty one. (${problem})`,
    });
  }

  #changed(): void {
    this.#empty.element.hidden = !this.#desk.empty;
    this.#keeper.changed();
  }

  async #showApps(): Promise<void> {
    const apps = (): readonly Command[] => this.#launcher.commands();
    this.#palette.show({ label: "Add an app", commands: apps(), note: this.#launcher.note });
    await this.#refreshApps(apps);
  }

  async #showAll(): Promise<void> {
    const all = (): readonly Command[] => [...this.#launcher.commands(), ...this.#commands];
    this.#palette.show({ label: "Search apps and commands", commands: all() });
    await this.#refreshApps(all);
  }

  #showPanelCommands(): void {
    this.#palette.show({ label: "Panel commands", commands: this.#commands.filter((c) => c.section === "Panel") });
  }

  /** What was known shows at once; what the hub answers replaces it, if the palette is still open. */
  async #refreshApps(list: () => readonly Command[]): Promise<void> {
    try {
      await this.#launcher.refresh();
      this.#empty.setApps(this.#launcher.commands());
      if (this.#palette.open) this.#palette.update(list(), this.#launcher.note);
    } catch (error) {
      this.#complain("The apps could not be listed", error);
    }
  }

  #blocked(frame: number | undefined, fault: Fault): void {
    const app = (frame === undefined ? undefined : this.frames.spec(frame)?.app) ?? "";
    const origin = (frame === undefined ? undefined : this.frames.origin(frame)) ?? "";
    const blocked = /https?:\/\/[^\s:]+(:\d+)?/.exec(fault.message)?.[0];
    this.#toastWithLog(blocked === undefined ? "An app was blocked" : `Blocked origin ${blocked}`);
    this.#log.add({ timeMs: Date.now(), code: fault.code, app, origin, text: fault.message, grave: true });
    this.#on.failed(frame, fault);
  }

  /** Tells once when the broker goes away, refuses the hub, and comes back. */
  #tellBroker(before: string | undefined, now: LinkState | undefined): void {
    if (before === undefined || before === now?.state) return;
    switch (now?.state) {
      case LinkOffline:
        this.#toasts.show({ title: "The broker cannot be reached", text: "Apps of this page go on. What they share with others follows later." });
        break;
      case LinkSignedOut:
        this.#toasts.show({ title: "You are not signed in", text: "Apps of this page go on. What they share with others follows when you are." });
        break;
      case LinkRefused:
        this.#toasts.show({ kind: "error", title: "The broker refused this page", text: now.fault?.message ?? "" });
        break;
      case LinkConnected:
        if (before === LinkOffline) this.#toasts.show({ title: "The broker is back", text: "What is shared is current again." });
        break;
    }
  }

  async #showUsers(): Promise<void> {
    const { list = [], current, choose } = this.#users ?? {};
    const commands = list.map((user): Command => ({
      id: `user.${user.id}`,
      title: nameOf(user),
      section: "Page",
      words: user.email ?? user.id,
      icon: "user",
      when: () => user.id !== current,
      run: () => choose?.(user.id),
    }));
    this.#palette.show({ label: "Use this tab as", commands });
  }

  #toastWithLog(title: string): void {
    this.#toasts.show({ kind: "error", title, action: { label: "Open log", run: () => this.#log.show() } });
  }

  #complain(title: string, error: unknown): void {
    this.#toasts.show({ kind: "error", title, text: error instanceof Error ? error.message : String(error) });
  }
}
