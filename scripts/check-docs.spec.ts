import { anchorsOf, documentProblems } from './doc-rules';

const FILES: Record<string, string> = {
  docs: '',
  'docs/guide.md': '# Guide\n\n## First steps\n\n## First steps\n',
  'src/main.ts': '',
  'test/tags.spec.ts': "test('makes a tag', () => undefined);",
};
const npmScripts = new Set(['demo', 'seed:users', 'test']);

function problems(text: string, path = 'README.md'): string[] {
  const files = { ...FILES, [path]: text };
  return documentProblems(path, text, { npmScripts, read: (name) => files[name] ?? null });
}

describe('the rules for documents', () => {
  it.each([
    [
      'a link to a file, a folder and an anchor',
      '[a](docs/guide.md) [b](docs) [c](docs/guide.md#first-steps-1) [d](src/main.ts)',
    ],
    ['an anchor of its own', '# Top & more\n[up](#top--more)'],
    ['a test by its name', '[a](test/tags.spec.ts "makes a tag")'],
    ['a test by its name in single quotes', "[a](test/tags.spec.ts 'makes a tag')"],
    ['links elsewhere', '[a](https://example.com/x) [b](mailto:a@b.c)'],
    ['what looks like a link within code', '`[a](b)`\n\n```md\n[a](missing.md)\n```'],
    ['scripts that exist', 'Run `npm run demo`, `npm run seed:users` or npm test.'],
    ['URLs and routes', 'https://example.com/home/page and `GET /users/1` and ./folder/x'],
  ])('accept: %s', (_, text) => {
    expect(problems(text)).toEqual([]);
  });

  it.each([
    ['a missing file', '\n[a](docs/gone.md)', 'README.md:2: docs/gone.md: there is no docs/gone.md.'],
    ['a missing anchor', '[a](docs/guide.md#gone)', 'has no heading "gone"'],
    ['a missing reference', '[a]: gone.md', 'there is no gone.md'],
    ['a link out of the repository', '[a](../other/x.md)', 'there is no ../other/x.md'],
    ['an absolute link', '[a](/docs/guide.md)', 'link relative to this document'],
    ['a test that is gone', '[a](test/tags.spec.ts "removes a tag")', 'there is no test "removes a tag"'],
    [
      'a test in single quotes that is gone',
      "[a](test/tags.spec.ts 'removes a tag')",
      'there is no test "removes a tag"',
    ],
    ['a spec that is gone', "[a](test/gone.spec.ts 'makes a tag')", 'there is no test/gone.spec.ts'],
    ['a missing script', '```\nnpm run gone\n```', 'README.md:2: package.json has no script "gone"'],
    ['a missing shorthand', 'npm start', 'package.json has no script "start"'],
    ["a machine's path", 'in `/home/someone/project/x.ts`', 'is a path of one machine'],
  ])('refuse: %s', (_, text, message) => {
    expect(problems(text)).toEqual([expect.stringContaining(message)]);
  });

  it('resolves links from the document', () => {
    expect(problems('[a](../src/main.ts) [b](guide.md)', 'docs/other.md')).toEqual([]);
  });

  it('names headings as GitHub does', () => {
    expect([...anchorsOf('# Who may `call`?\n## A/B – c_d\n### Who may call\n')]).toEqual([
      'who-may-call',
      'ab--c_d',
      'who-may-call-1',
    ]);
  });
});
