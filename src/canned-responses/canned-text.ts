/** What may stand in `{{…}}`. */
export const CANNED_VARIABLES = [
  'contact.name',
  'contact.phone_number',
  'agent.name',
  'conversation.id',
  'workspace.name',
] as const;
export type CannedVariable = (typeof CANNED_VARIABLES)[number];

/** `{{contact.name}}`, or with what stands there where it is not known: `{{contact.name|there}}`. */
const PLACE = /\{\{([^{}|]*)(?:\|([^{}]*))?\}\}/g;

/** What is wrong with the variables of a text; null where nothing is. */
export function problemOf(text: string): string | null {
  const known = `There are ${CANNED_VARIABLES.join(', ')}.`;
  for (const [place, name] of text.matchAll(PLACE))
    if (!isVariable(name!.trim())) return `${place} is no variable. ${known}`;
  return text.replace(PLACE, '').includes('{{')
    ? `A variable is written {{name}} or {{name|what else}}, without braces in it. ${known}`
    : null;
}

/** Looks each variable up, once: what it is filled with is text, whatever stands in it. */
export function filled(
  text: string,
  values: Readonly<Record<CannedVariable, string | null>>,
): { text: string; missing: CannedVariable[] } {
  const missing = new Set<CannedVariable>();
  const result = text.replace(PLACE, (_, name: string, otherwise: string | undefined) => {
    const variable = name.trim() as CannedVariable;
    const value = values[variable]?.trim() || otherwise;
    if (value === undefined) missing.add(variable);
    return value ?? '';
  });
  return { text: result, missing: [...missing] };
}

function isVariable(name: string): name is CannedVariable {
  return (CANNED_VARIABLES as readonly string[]).includes(name);
}
