/** How the apps write numbers and days. The pages are in English, whatever the browser's language is. */
const euros = new Intl.NumberFormat("en-GB", { style: "currency", currency: "EUR", maximumFractionDigits: 0 });
const days = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", year: "numeric", timeZone: "UTC" });
const counts = new Intl.NumberFormat("en-GB");

export const money = (amount: number): string => euros.format(amount);
export const count = (number: number): string => counts.format(number);
/** date writes a day such as "2026-11-01" as "01 Nov 2026". */
export const date = (day: string): string => days.format(new Date(day));
