/** How a variable's text becomes a value. A `duration` is `90s`, `15m`, `12h`, `2d` or plain seconds. */
export type VariableKind = 'text' | 'integer' | 'boolean' | 'url' | 'duration' | 'choice' | 'country';

export interface Variable {
  group: string;
  kind: VariableKind;
  description: string;
  /** Used where nothing is set. `null`: the feature is off or an embedded default takes over. */
  fallback: string | null;
  /** Never logged; needs `minLength` characters. */
  secret?: boolean;
  /** Without it the server refuses to start when NODE_ENV=production. */
  requiredInProduction?: boolean;
  minLength?: number;
  min?: number;
  max?: number;
  /** Of a `url`: how it may begin. */
  schemes?: readonly string[];
  choices?: readonly string[];
}

/** The same variables, each under this heading of `.env.example`. */
export function inGroup<Name extends string>(
  group: string,
  variables: Record<Name, Omit<Variable, 'group'>>,
): Record<Name, Variable> {
  const all = Object.entries<Omit<Variable, 'group'>>(variables);
  return Object.fromEntries(all.map(([name, variable]) => [name, { group, ...variable }])) as Record<
    Name,
    Variable
  >;
}
