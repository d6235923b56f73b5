/** Fills the workspace when the hub runs: with what stood in it at the last visit, or with what the definitions place. */
import { CrossframeError, type Hub } from "@crossframe/client";
import type { Fault } from "@crossframe/protocol";

import type { Shell } from "../ui/shell.js";

/** What a definition's `custom` may say to the workspace. */
interface Custom {
  /** Where the app goes when a new workspace opens; an app without it is not opened by itself. */
  readonly placement?: unknown;
}

export async function fillWorkspace(hub: Hub, shell: Shell): Promise<void> {
  if (shell.restored && shell.restored.instances.length > 0) {
    await restore(hub, shell, shell.restored.instances);
    return;
  }
  for (const app of await hub.apps.list()) {
    const { placement } = (app.custom ?? {}) as Custom;
    if (placement !== undefined) await hub.apps.start(app.name, { waitFor: "created", placement });
  }
}

type Saved = NonNullable<Shell["restored"]>["instances"];

/** Starts what stood here, each under the instance id that it had. */
async function restore(hub: Hub, shell: Shell, instances: Saved): Promise<void> {
  for (const { instance, app, context } of instances) {
    try {
      await hub.apps.start(app, { instance, waitFor: "created", ...(context === undefined ? {} : { context }) });
    } catch (error) {
      shell.restoreFailed(instance, faultOf(error));
    }
  }
}

function faultOf(error: unknown): Fault {
  return error instanceof CrossframeError
    ? { code: error.code, message: error.message }
    : { code: "APP_FAILED", message: String(error) };
}
