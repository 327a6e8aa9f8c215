import { assert, integer, nat, property, record, uniqueArray } from 'fast-check';
import { type Agent, shareOut } from './share-out';

const agent = (userId: number, open = 0, lastGivenAt = 0): Agent => ({ userId, open, lastGivenAt });

describe('sharing out the queue', () => {
  test.each<[string, number[], Agent[], number, [number, number][]]>([
    ['the least busy first', [1, 2], [agent(7, 2), agent(8, 0), agent(9, 1)], 5, [[1, 8], [2, 9]]], // prettier-ignore
    [
      'of equally busy ones who has waited longest for one',
      [1],
      [agent(7, 1, 500), agent(8, 1, 400)],
      5,
      [[1, 8]],
    ],
    ['by turns', [1, 2, 3, 4], [agent(7, 0, 9), agent(8)], 5, [[1, 8], [2, 7], [3, 8], [4, 7]]], // prettier-ignore
    ['nobody more than the limit', [1, 2, 3], [agent(7, 1), agent(8, 2)], 2, [[1, 7]]],
    ['to nobody where nobody is there', [1], [], 5, []],
  ])('%s', (_, waiting, agents, maxOpen, places) => {
    expect([...shareOut(waiting, agents, maxOpen)]).toEqual(places);
  });

  it('goes from the front of the queue, as far as there is room, and as evenly as can be', () => {
    const agents = uniqueArray(record({ userId: nat(), open: nat(8), lastGivenAt: nat() }), {
      selector: ({ userId }) => userId,
      maxLength: 6,
    });
    assert(
      property(
        uniqueArray(nat(), { maxLength: 40 }),
        agents,
        integer({ min: 1, max: 8 }),
        (waiting, there, most) => {
          const places = shareOut(waiting, there, most);
          const room = there.reduce((sum, { open }) => sum + Math.max(0, most - open), 0);
          expect([...places.keys()]).toEqual(waiting.slice(0, room));
          const given = there.map(({ userId, open }) => ({
            before: open,
            after: open + [...places.values()].filter((id) => id === userId).length,
          }));
          for (const one of given) if (one.after > one.before) expect(one.after).toBeLessThanOrEqual(most);
          // Nobody who got one ends up more than one above somebody who had room for another.
          const highest = Math.max(...given.filter((g) => g.after > g.before).map((g) => g.after), 0);
          for (const one of given)
            if (one.after < most) expect(one.after).toBeGreaterThanOrEqual(highest - 1);
        },
      ),
    );
  });
});
