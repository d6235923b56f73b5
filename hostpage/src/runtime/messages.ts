/**
 * What travels between the main page and the hub's Worker, beside the ports of client apps. The `frame` of a
 * "page" message has the form of a frame on a port (docs/protocol.md), with the operations of the room "page".
 */
import type { Boot, Fault } from "@crossframe/protocol";

import type { LicenseConfig } from "./check.js";

/** Where hub.wasm is, and the hash it must have (a subresource integrity string). */
export interface ProgramFile {
  readonly url: string;
  readonly integrity: string;
}

/** Tells the Worker which program it will run, so that it is there when everything else is. */
export interface Load {
  readonly kind: "load";
  readonly wasm: ProgramFile;
}

/** The page starts the hub. `boot` lacks what only the Worker knows: epoch, clock, and what the license key says. */
export interface Start {
  readonly kind: "start";
  readonly boot: Omit<Boot, "epoch" | "nowMs" | "licenseClaims" | "licenseFault">;
  readonly license: LicenseConfig;
  /** The server's clock when the page got its configuration, in milliseconds since 1970. */
  readonly serverMs?: number;
  /** A time that has been already: the license is not judged for an earlier one, where the server's clock is not known. */
  readonly floorMs?: number;
  readonly wasm: ProgramFile;
  /** The database that keeps shared contexts across a reload of the page; "" keeps them in memory only. */
  readonly store: string;
  /** Allows {@link Exit}. */
  readonly debug: boolean;
}

/** A message of the page's runtime to the hub. A greeting brings its port. */
export interface ToHub {
  readonly kind: "page";
  readonly frame: readonly unknown[];
  readonly port?: MessagePort;
}

/** The license is to be looked at again. */
export interface LicenseAgain {
  readonly kind: "license";
  readonly license: LicenseConfig;
  /** The server's clock, where the server could be asked. */
  readonly serverMs?: number;
}

/** Ends the Go program, to show that the platform survives it. */
export interface Exit {
  readonly kind: "exit";
}

export type ToWorker = Load | Start | ToHub | LicenseAgain | Exit;

/** A message of the hub to the page's runtime. */
export interface ToPage {
  readonly kind: "page";
  readonly frame: readonly unknown[];
}

/** How the hub's program is. */
export interface Status {
  readonly kind: "status";
  /** "degraded": it ended too often and is not started again. */
  readonly state: "starting" | "running" | "restarting" | "degraded";
  readonly restarts: number;
  /** Why it does not run. */
  readonly fault?: Fault;
}

/** Something that people should know and that stops nothing. */
export interface Notice {
  readonly kind: "notice";
  readonly text: string;
}

/** The Worker's script runs, and the program is on its way. */
export interface Awake {
  readonly kind: "awake";
}

export type FromWorker = ToPage | Status | Notice | Awake;
