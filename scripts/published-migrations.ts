import { createHash } from 'node:crypto';

export interface Published {
  /** One line for each migration, its digest first; what is new stands at the end. */
  list: string;
  problems: string[];
}

/** @param migrations the text of each by the name of its file */
export function published(list: string, migrations: ReadonlyMap<string, string>): Published {
  const lines = [...list.matchAll(/^[0-9a-f]{64} {2}\S+$/gm)].map(([line]) => line);
  const known = lines.map((line) => line.slice(66));
  const problems = lines.flatMap((line, index) => {
    const name = known[index]!;
    const text = migrations.get(name);
    return text !== undefined && lineOf(name, text) === line ? [] : [changed(name)];
  });
  const added = [...migrations.keys()].filter((name) => !known.includes(name)).toSorted();
  const more = added.map((name) => lineOf(name, migrations.get(name)!));
  return { list: [...lines, ...more, ''].join('\n'), problems };
}

function lineOf(name: string, text: string): string {
  return `${createHash('sha256').update(text).digest('hex')}  ${name}`;
}

function changed(name: string): string {
  return (
    `${name} is not what was published, and databases exist that it has run on: take the change back and add a new migration. ` +
    'Only where it never left your branch: remove its line from the list, and generate the list anew.'
  );
}
