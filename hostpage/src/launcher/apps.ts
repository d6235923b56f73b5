import type { AuditEvent, Definition } from "@crossframe/protocol";
import type { Command } from "./command.js";

/** What the shell needs of the connected hub. The client library's hub object has it. */
export interface HubHandle {
  readonly apps: {
    list(): Promise<readonly Definition[]>;
    start(app: string, options?: { readonly waitFor?: "created" }): Promise<unknown>;
  };
  readonly audit?: {
    watch(listener: (event: AuditEvent) => void): Promise<() => unknown>;
  };
}

/** Launcher offers the apps that may be started. The list is asked for anew whenever it is shown. */
export class Launcher {
  readonly #failed: (app: string, error: unknown) => void;
  #hub: HubHandle | undefined;
  #apps: readonly Definition[] = [];

  constructor(failed: (app: string, error: unknown) => void) {
    this.#failed = failed;
  }

  attach(hub: HubHandle): void {
    this.#hub = hub;
  }

  /** Why there is nothing to start; "" where there is. */
  get note(): string {
    if (!this.#hub) return "The hub is starting. Apps can be added as soon as it runs.";
    return this.#apps.length === 0 ? "No app is defined yet. Add definitions to the platform's configuration." : "";
  }

  /** Asks the hub which apps there are. */
  async refresh(): Promise<void> {
    if (!this.#hub) return;
    const apps = await this.#hub.apps.list();
    this.#apps = apps.filter((a) => !a.hidden);
  }

  commands(): Command[] {
    return this.#apps.map((app) => ({
      id: `app.${app.name}`,
      title: app.title || app.name,
      section: "Apps",
      icon: "app",
      words: [app.name, app.description, ...(app.categories ?? [])].filter(Boolean).join(" "),
      detail: URL.canParse(app.url) ? new URL(app.url).host : app.url,
      run: () => this.start(app.name),
    }));
  }

  start(app: string): void {
    // Created is enough: from then on the panel itself shows how it goes on.
    this.#hub?.apps.start(app, { waitFor: "created" }).catch((error: unknown) => this.#failed(app, error));
  }
}
