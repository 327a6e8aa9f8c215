import { ALLOW_PRODUCTION } from '../with-database';

/** `--name value` pairs of a script, beside the one that allows production. */
export type Options = Readonly<Record<string, string>>;

/** The options, or null where there is one that is not among `names`, or one without a value. */
export function parseOptions(args: string[], names: readonly string[]): Options | null {
  const options: Record<string, string> = {};
  const rest = args.filter((arg) => arg !== ALLOW_PRODUCTION);
  for (let i = 0; i < rest.length; i += 2) {
    const name = /^--([a-z-]+)$/.exec(rest[i]!)?.[1];
    const value = rest[i + 1];
    if (name === undefined || !names.includes(name) || value === undefined || value === '') return null;
    options[name] = value;
  }
  return options;
}

/** A whole number from 1 to `max`, or null. */
export function countOf(text: string | undefined, fallback: number, max: number): number | null {
  if (text === undefined) return fallback;
  const count = Number(text);
  return /^\d+$/.test(text) && count >= 1 && count <= max ? count : null;
}
