/**
 * The demo's data: 4,000 customers and their some 12,000 contracts, computed from their ids. Every app computes the
 * same records, as if each had a copy of one database; nothing is loaded and nothing is stored. All of it is fictional.
 */
import { type Locale, locales } from "./locales.js";
import { Random } from "./random.js";

export interface Customer {
  readonly id: string;
  readonly name: string;
  readonly kind: "person" | "company";
  readonly segment: Segment;
  readonly street: string;
  readonly postcode: string;
  readonly city: string;
  readonly country: string;
  readonly email: string;
  /** Day since when, as "2014-03-01". */
  readonly since: string;
}

export type Segment = (typeof segments)[number];
export const segments = ["Private", "Family", "Business", "Enterprise"] as const;

export interface Contract {
  readonly number: string;
  /** Id of the customer who holds it. */
  readonly holder: string;
  readonly product: string;
  /** Whole euros a year. */
  readonly premium: number;
  /** First and last day, as "2014-03-01". */
  readonly start: string;
  readonly end: string;
  readonly status: "active" | "pending" | "cancelled" | "expired";
}

/** The month in which the demo plays; without it the data would change from day to day. */
export const today = monthNumber(2026, 11);

const firstId = 1001;
export const customerCount = 4000;

/** The customer that every app shows until somebody chooses one. */
export const firstCustomer = "4711";

/** monthNumber counts months since the year 2000, so that dates can be added and compared. */
export function monthNumber(year: number, month: number): number {
  return (year - 2000) * 12 + month - 1;
}

/** dayOf returns the first day of a month as "2026-11-01". */
export function dayOf(month: number): string {
  return `${2000 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}-01`;
}

/** lastDayBefore returns the last day before a month as "2026-10-31". */
function lastDayBefore(month: number): string {
  return new Date(Date.parse(dayOf(month)) - 24 * 3600_000).toISOString().slice(0, 10);
}

/** customerIds lists every customer's id in rising order. */
export function customerIds(): string[] {
  return Array.from({ length: customerCount }, (_, i) => String(firstId + i));
}

/** customer returns the customer of that id, or undefined where there is none. */
export function customer(id: string): Customer | undefined {
  const key = keyOf(id);
  if (key === undefined) return undefined;
  const random = new Random("customer", key);
  const locale = random.pick(locales);
  const company = random.chance(0.22);
  const name = company ? companyName(random, locale) : `${random.pick(locale.first)} ${random.pick(locale.last)}`;
  const [city, postcode] = random.pick(locale.cities);
  return {
    id,
    name,
    kind: company ? "company" : "person",
    segment: company ? (random.chance(0.25) ? "Enterprise" : "Business") : random.chance(0.4) ? "Family" : "Private",
    street: locale.address(random.pick(locale.streets), random.between(1, 140)),
    postcode: postcode.replace(/#/g, () => String(random.between(1, 9))),
    city,
    country: locale.country,
    email: emailOf(name, company),
    since: dayOf(joined(key)),
  };
}

function keyOf(id: string): number | undefined {
  const key = Number(id) - firstId;
  return /^\d{4}$/.test(id) && key >= 0 && key < customerCount ? key : undefined;
}

function companyName(random: Random, locale: Locale): string {
  return `${random.pick(locale.last)} ${random.pick(locale.trades)} ${random.pick(locale.forms)}`;
}

/** The domains are reserved for examples (RFC 2606): no mail can reach anybody. */
function emailOf(name: string, company: boolean): string {
  const plain = name.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/ł/gi, "l").replace(/ø/gi, "o").toLowerCase();
  const parts = plain.split(/[^a-z]+/).filter((part) => part !== "");
  return company ? `office@${parts.slice(0, 2).join("-")}.example` : `${parts.join(".")}@example.org`;
}

function joined(key: number): number {
  const random = new Random("joined", key);
  return today - random.between(2, 96) - random.between(0, 120);
}

interface Product {
  readonly name: string;
  readonly prefix: string;
  /** Range of the yearly premium, in euros. */
  readonly premium: readonly [number, number];
}

const personal: readonly Product[] = [
  { name: "Motor", prefix: "MOT", premium: [290, 1250] },
  { name: "Household", prefix: "HOU", premium: [80, 340] },
  { name: "Liability", prefix: "LIA", premium: [55, 140] },
  { name: "Legal expenses", prefix: "LEG", premium: [150, 380] },
  { name: "Term life", prefix: "LIF", premium: [120, 900] },
  { name: "Dental", prefix: "DEN", premium: [130, 420] },
  { name: "Travel", prefix: "TRA", premium: [40, 160] },
  { name: "Accident", prefix: "ACC", premium: [90, 310] },
];

const commercial: readonly Product[] = [
  { name: "Fleet", prefix: "FLT", premium: [2400, 38000] },
  { name: "Property", prefix: "PRO", premium: [900, 16000] },
  { name: "Business liability", prefix: "BLI", premium: [480, 7200] },
  { name: "Cyber", prefix: "CYB", premium: [650, 9800] },
  { name: "Machinery", prefix: "MAC", premium: [700, 14000] },
  { name: "Cargo", prefix: "CAR", premium: [520, 8600] },
  { name: "Interruption", prefix: "INT", premium: [600, 11000] },
];

/** How many contracts a customer has at least and at most. */
const contractRange: Readonly<Record<Segment, readonly [number, number]>> = {
  Private: [1, 3],
  Family: [2, 5],
  Business: [1, 6],
  Enterprise: [4, 9],
};

/** contractsOf returns a customer's contracts, newest first; none where there is no such customer. */
export function contractsOf(id: string): Contract[] {
  const holder = customer(id);
  const key = keyOf(id);
  if (holder === undefined || key === undefined) return [];
  const random = new Random("contracts", key);
  const [least, most] = contractRange[holder.segment];
  const count = random.between(least, most);
  const contracts = Array.from({ length: count }, (_, i) => contractOf(random, holder, joined(key), i));
  return contracts.sort((a, b) => b.start.localeCompare(a.start) || a.number.localeCompare(b.number));
}

function contractOf(random: Random, holder: Customer, since: number, index: number): Contract {
  const product = random.pick(holder.kind === "company" ? commercial : personal);
  const [least, most] = product.premium;
  // The first contract began the relation; later ones came at any time since, a few begin soon.
  const start = index === 0 ? since : random.between(since, today + 2);
  const ended = start < today - 14 && random.chance(0.18);
  const end = ended ? random.between(start + 12, today - 1) : nextRenewal(start);
  return {
    number: `${product.prefix}-${holder.id}-${String(index + 1).padStart(2, "0")}`,
    holder: holder.id,
    product: product.name,
    // The square makes small premiums common and large ones rare.
    premium: Math.round(least + (most - least) * random.next() ** 2),
    start: dayOf(start),
    end: lastDayBefore(end),
    status: ended ? (random.chance(0.5) ? "cancelled" : "expired") : start > today ? "pending" : "active",
  };
}

/** Contracts run from year to year: the next renewal is the first anniversary after this month. */
function nextRenewal(start: number): number {
  return start > today ? start + 12 : start + 12 * (Math.floor((today - start) / 12) + 1);
}

/** revenueOf is what a customer pays in a year: the premiums of the active contracts. */
export function revenueOf(contracts: readonly Contract[]): number {
  return contracts.reduce((sum, contract) => (contract.status === "active" ? sum + contract.premium : sum), 0);
}
