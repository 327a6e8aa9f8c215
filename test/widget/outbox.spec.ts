import * as fc from 'fast-check';
import { Outbox } from '../../widget/outbox';
import type { Store } from '../../widget/store';

class MapStore implements Store {
  private readonly values = new Map<string, string>();
  get = (key: string): string | null => this.values.get(key) ?? null;
  set = (key: string, value: string): void => void this.values.set(key, value);
  remove = (key: string): void => void this.values.delete(key);
  keys = (): string[] => [...this.values.keys()];
}

let nextId = 0;
const newId = (): string => `id${nextId++}`;
const texts = (outbox: Outbox): string[] => outbox.list().map(({ text }) => text);

describe("the widget's outbox", () => {
  test('keeps what was written in its order, wherever the clock goes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.integer({ min: 0, max: 2 ** 45 }))), (written) => {
        const store = new MapStore();
        let now = 0;
        const outbox = new Outbox(store, 'out:', newId, () => now);
        for (const [text, at] of written) {
          now = at;
          outbox.add(text);
        }
        expect(texts(outbox)).toEqual(written.map(([text]) => text));
        expect(texts(new Outbox(store, 'out:', newId))).toEqual(texts(outbox)); // as after a reload
      }),
    );
  });

  test('of two tabs loses nothing of either', () => {
    const store = new MapStore();
    const tabs = [
      new Outbox(store, 'out:', newId, () => 5),
      new Outbox(store, 'out:', newId, () => 5),
    ] as const;
    const first = tabs[0].add('a');
    tabs[1].add('b');
    tabs[0].add('c');
    tabs[1].remove(first.id);
    for (const tab of tabs) expect(texts(tab).toSorted()).toEqual(['b', 'c']);
  });

  test('shows what was refused, and sends it again under the same id', () => {
    const outbox = new Outbox(new MapStore(), 'out:', newId);
    const { id } = outbox.add('no');
    outbox.refuse(id, 'because');
    expect(outbox.list()).toMatchObject([{ id, text: 'no', problem: 'because' }]);
    outbox.retry(id);
    expect(outbox.list()).toMatchObject([{ id, text: 'no', problem: null }]);
    outbox.remove(id);
    expect(outbox.list()).toEqual([]);
  });

  test('goes with its owner, and never to another', () => {
    const outbox = new Outbox(new MapStore(), 'out:token:', newId);
    outbox.add('mine');
    outbox.useOwner('out:jane:', true);
    expect(texts(outbox)).toEqual(['mine']);
    outbox.useOwner('out:rob:', false);
    expect(texts(outbox)).toEqual([]);
    outbox.add("rob's");
    outbox.useOwner('out:jane:', false);
    expect(texts(outbox)).toEqual(['mine']);
  });

  test('overlooks what it did not write itself', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (junk) => {
        const store = new MapStore();
        store.set('out:000000000000001-x', junk);
        const outbox = new Outbox(store, 'out:', newId);
        outbox.add('mine');
        expect(texts(outbox)).toContain('mine');
      }),
    );
  });
});
