import type { Command } from "../launcher/command.js";
import type { LayoutEngine } from "../workspaces/layout.js";
import type { Side } from "../workspaces/placement.js";
import type { Direction } from "../workspaces/tree.js";

/** What the commands act on, besides the arrangement. */
export interface PageActions {
  addApp(): void;
  showPalette(): void;
  closePanel(panel: string): void;
  restartPanel(panel: string): void;
  enterPanel(panel: string): void;
  resetLayout(): void;
  nextTheme(): void;
  toggleLog(): void;
  showShortcuts(): void;
  /** Whether {@link changeUser} is offered. */
  mayChangeUser(): boolean;
  changeUser(): void;
  /** Whether {@link crash} is offered. */
  mayCrash(): boolean;
  crash(): void;
}

/** A shortcut that goes by the key's place on the keyboard, as Alt changes what letters give. */
const alt = (key: string, shown: string): NonNullable<Command["keys"]> => ({ binding: `Alt+Shift+${key}`, shown: `Alt+Shift+${shown}` });

/** How far a key moves an edge or a floating panel, as a share of the workspace. */
const step = 0.04;

const apple = /Mac|iPhone|iPad/.test(navigator.platform);
export const paletteKeys = { binding: "$mod+KeyK", shown: apple ? "⌘K" : "Ctrl+K" } as const;

/** Everything that a mouse can do in the workspace, and some more. */
export function workspaceCommands(engine: LayoutEngine, page: PageActions): readonly Command[] {
  return [...panelCommands(engine, page), ...groupCommands(engine, page), ...pageCommands(page)];
}

function panelCommands(engine: LayoutEngine, page: PageActions): Command[] {
  const some = (): boolean => engine.focused !== undefined;
  const floating = (): boolean => groupOfFocused(engine)?.floating ?? false;
  const tabs = (): number => groupOfFocused(engine)?.panels.length ?? 0;
  const others = (): boolean => engine.groups().length > 1;
  const act = (run: (panel: string) => void) => (): void => {
    const panel = engine.focused;
    if (panel !== undefined) run(panel);
  };
  const panel = (id: string, title: string, run: (panel: string) => void, rest: Partial<Command> = {}): Command => ({
    id: `panel.${id}`,
    title,
    section: "Panel",
    when: some,
    run: act(run),
    ...rest,
  });
  const move = (side: Side, arrow: string): Command =>
    panel(`move.${side}`, `Move panel ${side}`, (p) => (floating() ? engine.nudge(p, side, step) : engine.move(p, side)), {
      when: () => floating() || others() || tabs() > 1,
      keys: alt(`Arrow${side[0]?.toUpperCase()}${side.slice(1)}`, arrow),
      icon: side,
      words: "dock",
    });
  const split = (side: Side): Command =>
    panel(`split.${side}`, `Split panel off ${side === "up" || side === "down" ? side : `to the ${side}`}`, (p) => engine.split(p, side), {
      icon: "split",
      when: () => !floating() && tabs() > 1,
    });
  const size = (id: string, title: string, direction: Direction, by: number, keys: NonNullable<Command["keys"]>): Command =>
    panel(id, title, (p) => engine.resize(p, direction, by), { when: () => floating() || others(), keys, icon: "split", words: "resize size" });
  const order = (id: string, title: string, by: -1 | 1, key: string, shown: string): Command =>
    panel(id, title, (p) => engine.reorder(p, by), {
      when: () => tabs() > 1,
      keys: { binding: `Control+Shift+${key}`, shown: `Ctrl+Shift+${shown}` },
      icon: "tab",
      words: "order",
    });
  return [
    move("left", "←"),
    move("right", "→"),
    move("up", "↑"),
    move("down", "↓"),
    panel("move.next", "Move panel into next group", (p) => moveToNextGroup(engine, p), { icon: "next", when: others }),
    split("right"),
    split("down"),
    split("left"),
    split("up"),
    size("wider", "Make panel wider", "row", step, alt("BracketRight", "]")),
    size("narrower", "Make panel narrower", "row", -step, alt("BracketLeft", "[")),
    size("taller", "Make panel taller", "column", step, alt("Equal", "+")),
    size("shorter", "Make panel shorter", "column", -step, alt("Minus", "−")),
    order("tab.left", "Move tab to the left", -1, "BracketLeft", "["),
    order("tab.right", "Move tab to the right", 1, "BracketRight", "]"),
    panel("float", "Float panel", (p) => engine.float(p), { icon: "float", when: () => some() && !floating(), keys: alt("KeyF", "F") }),
    panel("dock", "Dock panel", (p) => engine.dock(p), { icon: "dock", when: floating, keys: alt("KeyD", "D") }),
    panel("maximise", "Maximise panel", (p) => engine.maximise(p), {
      icon: "maximise",
      when: () => some() && !engine.maximised,
      keys: alt("KeyM", "M"),
    }),
    panel("restore", "Restore panel", () => engine.restore(), {
      icon: "restore",
      when: () => engine.maximised,
      keys: alt("KeyR", "R"),
    }),
    panel("enter", "Put the keyboard into the app", (p) => page.enterPanel(p), { icon: "keyboard", words: "focus content" }),
    panel("restart", "Restart app", (p) => page.restartPanel(p), { icon: "reload", words: "reload retry" }),
    panel("close", "Close panel", (p) => page.closePanel(p), { icon: "close", keys: alt("KeyW", "W") }),
  ];
}

function groupCommands(engine: LayoutEngine, page: PageActions): Command[] {
  const some = (): boolean => engine.focused !== undefined;
  const tabs = (): boolean => (groupOfFocused(engine)?.panels.length ?? 0) > 1;
  return [
    {
      id: "tab.next",
      title: "Next tab",
      icon: "tab",
      section: "Workspace",
      when: tabs,
      keys: { binding: "Control+BracketRight", shown: "Ctrl+]" },
      run: () => stepTab(engine, 1),
    },
    {
      id: "tab.previous",
      title: "Previous tab",
      icon: "tab",
      section: "Workspace",
      when: tabs,
      keys: { binding: "Control+BracketLeft", shown: "Ctrl+[" },
      run: () => stepTab(engine, -1),
    },
    {
      id: "group.next",
      title: "Focus next group",
      icon: "next",
      section: "Workspace",
      when: some,
      keys: { binding: "F6", shown: "F6" },
      run: () => stepGroup(engine, 1),
    },
    {
      id: "group.previous",
      title: "Focus previous group",
      icon: "next",
      section: "Workspace",
      when: some,
      keys: { binding: "Shift+F6", shown: "Shift+F6" },
      run: () => stepGroup(engine, -1),
    },
    { id: "layout.reset", title: "Reset layout", section: "Workspace", icon: "app", words: "tile arrange", when: some, run: () => page.resetLayout() },
  ];
}

function pageCommands(page: PageActions): Command[] {
  return [
    { id: "page.palette", title: "Search apps and commands", section: "Page", icon: "search", keys: paletteKeys, run: () => page.showPalette() },
    { id: "page.add", title: "Add app", section: "Page", icon: "add", keys: alt("KeyN", "N"), run: () => page.addApp() },
    { id: "page.theme", title: "Change theme", section: "Page", icon: "theme", words: "light dark system", run: () => page.nextTheme() },
    { id: "page.log", title: "Show connection log", section: "Page", icon: "log", words: "audit events", run: () => page.toggleLog() },
    {
      id: "page.shortcuts",
      title: "Show keyboard shortcuts",
      section: "Page",
      icon: "help",
      keys: { binding: "(\\?)", shown: "?" },
      run: () => page.showShortcuts(),
    },
    {
      id: "page.user",
      title: "Use this tab as another development user",
      section: "Page",
      icon: "user",
      words: "sign in account",
      when: () => page.mayChangeUser(),
      run: () => page.changeUser(),
    },
    {
      id: "debug.crash",
      title: "Kill the hub's program (test recovery)",
      section: "Page",
      words: "debug crash",
      when: () => page.mayCrash(),
      run: () => page.crash(),
    },
  ];
}

function groupOfFocused(engine: LayoutEngine): ReturnType<LayoutEngine["groups"]>[number] | undefined {
  const { focused } = engine;
  return focused === undefined ? undefined : engine.groups().find((g) => g.panels.includes(focused));
}

function stepTab(engine: LayoutEngine, by: number): void {
  const group = groupOfFocused(engine);
  if (group?.active === undefined) return;
  const { panels } = group;
  const next = panels[(panels.indexOf(group.active) + by + panels.length) % panels.length];
  if (next !== undefined) enterTab(engine, next);
}

function stepGroup(engine: LayoutEngine, by: number): void {
  const groups = engine.groups();
  const at = groups.findIndex((g) => engine.focused !== undefined && g.panels.includes(engine.focused));
  const next = groups[(at + by + groups.length) % groups.length]?.active;
  if (next !== undefined) enterTab(engine, next);
}

/** The keyboard goes to the tab, not into the app: from there the page still hears its keys. */
function enterTab(engine: LayoutEngine, panel: string): void {
  engine.focus(panel);
  engine.focusTab(panel);
}

function moveToNextGroup(engine: LayoutEngine, panel: string): void {
  const groups = engine.groups();
  const at = groups.findIndex((g) => g.panels.includes(panel));
  const beside = groups[(at + 1) % groups.length]?.active;
  if (beside !== undefined) engine.moveInto(panel, beside);
}
