/**
 * What the apps agree on: the shared contexts' form, and the answers of the methods that one offers and others call.
 * In a real workplace each team writes this down for the others; here it is a file.
 */
import type { Contract, Customer } from "./data.js";

/** The shared context "customer": who the people at the desk talk about. Any app may change it; all follow. */
export type CustomerContext = Pick<Customer, "id" | "name" | "segment" | "city">;

/** contextOf returns what is shared of a customer. */
export function contextOf({ id, name, segment, city }: Customer): CustomerContext {
  return { id, name, segment, city };
}

/** The shared context "customer.note": a remark on one customer. */
export interface NoteContext {
  readonly customerId: string;
  readonly text: string;
}

/** What contracts.list answers. */
export interface ContractList {
  readonly contracts: readonly Contract[];
}

/** What contracts.summary answers. */
export interface ContractSummary {
  readonly count: number;
  readonly active: number;
  /** Whole euros a year. */
  readonly premium: number;
  /** Last day of the active contract that ends first; "" where none is active. */
  readonly nextRenewal: string;
}

/**
 * textIn reads a text member of something that came from another app. What comes from elsewhere is looked at before
 * it is used: the hub says who sent it, not that it makes sense.
 */
export function textIn(value: unknown, member: string): string {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, member) : undefined;
  return typeof found === "string" ? found : "";
}
