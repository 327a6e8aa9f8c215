import type { Variable } from '../src/config/variable';

const WIDTH = 110;

const HEADER = [
  'Every environment variable the server reads. Generated from src/config/variables.ts by',
  '`npm run generate:env-example`: do not edit. To set values, copy this file to .env.',
  'An empty variable counts as not set, and then its default is used.',
];

export function envExample(variables: Readonly<Record<string, Variable>>): string {
  const all = Object.entries(variables);
  const groups = new Set(all.map(([, variable]) => variable.group));
  const blocks = [...groups].map((group) => {
    const members = all.filter(([, variable]) => variable.group === group);
    return [`# --- ${group} ${'-'.repeat(WIDTH - group.length - 7)}`, ...members.map(block)].join('\n\n');
  });
  return `${[HEADER.map(comment).join('\n'), ...blocks].join('\n\n')}\n`;
}

function block([name, variable]: [string, Variable]): string {
  return `${comment(variable.description)}\n${comment(facts(variable))}\n${name}=${value(variable)}`;
}

function value(variable: Variable): string {
  const text = variable.secret === true ? '' : (variable.fallback ?? '');
  return /[\s#"'$]/.test(text) ? `'${text}'` : text;
}

/** What may stand there: `Whole number from 1 to 9. Default: 5.` */
function facts(variable: Variable): string {
  const sentences = [`${kind(variable)}.`];
  if (variable.minLength !== undefined) sentences.push(`At least ${variable.minLength} characters.`);
  if (variable.fallback !== null) sentences.push(`Default: ${variable.fallback}.`);
  if (variable.secret === true) sentences.push('Secret.');
  if (variable.requiredInProduction === true) sentences.push('(required in production)');
  return sentences.join(' ');
}

function kind({ kind: name, min, max, choices }: Variable): string {
  const range = [min === undefined ? '' : ` from ${min}`, max === undefined ? '' : ` to ${max}`].join('');
  switch (name) {
    case 'integer':
      return `Whole number${range}`;
    case 'duration':
      return `Duration such as 90s, 15m, 12h or 2d${range === '' ? '' : `,${range} seconds`}`;
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `One of ${choices?.join(', ')}`;
    case 'url':
      return 'URL';
    case 'country':
      return 'Two capital letters, ISO 3166-1';
    case 'text':
      return 'Text';
  }
}

function comment(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + word.length + 3 > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `# ${line}`).join('\n');
}
