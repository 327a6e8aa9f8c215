module.exports = async function globalTeardown(): Promise<void> {
  await globalThis.stopTestPostgres?.();
};
