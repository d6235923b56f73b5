/** Makes a value whose JSON text has about so many bytes: records as an app would send them. */
export function payload(bytes) {
  const record = (i) => ({ id: i, name: `customer ${i}`, city: "Bremen", open: i % 3 === 0, amount: i * 1.25 });
  const value = { kind: "bench", rows: [] };
  let length = JSON.stringify(value).length;
  for (let i = 0; ; i++) {
    const row = record(i);
    length += JSON.stringify(row).length + 1;
    if (length > bytes) return value;
    value.rows.push(row);
  }
}
