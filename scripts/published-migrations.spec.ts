import { published } from './published-migrations';

const first = published(
  '',
  new Map([
    ['2-b.ts', 'drop'],
    ['1-a.ts', 'create'],
  ]),
).list;
const line = (name: string): string => expect.stringMatching(new RegExp(`^[0-9a-f]{64}  ${name}$`)) as string;

describe('the list of published migrations', () => {
  it('names each with its digest', () => {
    expect(first.split('\n')).toEqual([line('1-a.ts'), line('2-b.ts'), '']);
  });

  it('is only added to, whatever the number of the new one is', () => {
    const migrations = new Map([
      ['1-a.ts', 'create'],
      ['1-c.ts', 'alter'],
      ['2-b.ts', 'drop'],
    ]);
    const { list, problems } = published(first, migrations);
    expect(problems).toEqual([]);
    expect(list.startsWith(first)).toBe(true);
    expect(list.slice(first.length).split('\n')).toEqual([line('1-c.ts'), '']);
  });

  it.each([
    ['edited', [['2-b.ts', 'drop '] as const]],
    ['removed', []],
  ])('tells of one that was %s, and what to do instead', (_, rest) => {
    const { list, problems } = published(first, new Map([['1-a.ts', 'create'], ...rest]));
    expect(problems).toEqual([
      expect.stringMatching(/^2-b\.ts is not what was published.*add a new migration/),
    ]);
    expect(list).toBe(first);
  });

  it('takes the lines of both where two branches added one each', () => {
    const [a, b] = first.split('\n');
    const conflict = `<<<<<<< ours\n${a}\n=======\n${b}\n>>>>>>> theirs\n`;
    const migrations = new Map([
      ['1-a.ts', 'create'],
      ['2-b.ts', 'drop'],
    ]);
    expect(published(conflict, migrations)).toEqual({ list: first, problems: [] });
  });
});
