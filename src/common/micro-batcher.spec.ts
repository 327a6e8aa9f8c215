import { MicroBatcher } from './micro-batcher';

interface Flush<Item> {
  items: Item[];
  succeed: () => void;
  fail: (error: Error) => void;
}

/** A batcher whose flushes end when the test says so. */
function batcherWith(maxItems = 100) {
  const flushes: Flush<number>[] = [];
  const batcher = new MicroBatcher<number>(
    (items) => new Promise<void>((succeed, fail) => flushes.push({ items, succeed, fail })),
    maxItems,
  );
  return { batcher, flushes };
}

/** Past everything that was about to happen by itself. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await new Promise((next) => setImmediate(next));
};

const outcomeOf = (submission: Promise<void>): { state: string } => {
  const outcome = { state: 'waiting' };
  submission.then(
    () => (outcome.state = 'durable'),
    (error: Error) => (outcome.state = error.message),
  );
  return outcome;
};

test('what is submitted in one turn of the event loop is flushed together, in its order', async () => {
  const { batcher, flushes } = batcherWith();

  void batcher.submit([1, 2]);
  void batcher.submit([3]);
  await settled();

  expect(flushes.map((flush) => flush.items)).toEqual([[1, 2, 3]]);
});

test('what arrives while a flush runs becomes the next one, however much it is', async () => {
  const { batcher, flushes } = batcherWith();
  void batcher.submit([1]);
  await settled();

  for (const item of [2, 3, 4]) {
    void batcher.submit([item]);
    await settled();
  }
  expect(flushes).toHaveLength(1);
  flushes[0]!.succeed();
  await settled();

  expect(flushes.map((flush) => flush.items)).toEqual([[1], [2, 3, 4]]);
});

test('a submission is done when its own batch is durable, not before', async () => {
  const { batcher, flushes } = batcherWith();
  const first = outcomeOf(batcher.submit([1]));
  await settled();
  const second = outcomeOf(batcher.submit([2]));
  expect([first.state, second.state]).toEqual(['waiting', 'waiting']);

  flushes[0]!.succeed();
  await settled();

  expect([first.state, second.state]).toEqual(['durable', 'waiting']);
});

test('an error reaches exactly the submissions of its batch, and the next batch is tried', async () => {
  const { batcher, flushes } = batcherWith();
  const together = [outcomeOf(batcher.submit([1])), outcomeOf(batcher.submit([2]))];
  await settled();
  const later = outcomeOf(batcher.submit([3]));

  flushes[0]!.fail(new Error('the disk is full'));
  await settled();
  flushes[1]!.succeed();
  await settled();

  expect(together.map((each) => each.state)).toEqual(['the disk is full', 'the disk is full']);
  expect(later.state).toBe('durable');
});

test('a flush that throws at once is a failed batch, not a dead batcher', async () => {
  let calls = 0;
  const batcher = new MicroBatcher<number>(() => {
    if (++calls === 1) throw new Error('not even a promise');
    return Promise.resolve();
  }, 100);

  await expect(batcher.submit([1])).rejects.toThrow('not even a promise');
  await expect(batcher.submit([2])).resolves.toBeUndefined();
});

test('a batch is never larger than the limit, unless one submission alone is; none is split', async () => {
  const { batcher, flushes } = batcherWith(3);

  for (const items of [[1, 2], [3], [4], [5, 6, 7, 8], [9]]) void batcher.submit(items);
  for (let flushed = 0; flushed < 4; flushed++) {
    await settled();
    flushes[flushed]!.succeed();
  }
  await settled();

  expect(flushes.map((flush) => flush.items)).toEqual([[1, 2, 3], [4], [5, 6, 7, 8], [9]]);
});

test('drained waits for the running batch and all that wait, also where one fails', async () => {
  const { batcher, flushes } = batcherWith(1);
  const failing = outcomeOf(batcher.submit([1]));
  void batcher.submit([2]);
  const drained = outcomeOf(batcher.drained());

  await settled();
  flushes[0]!.fail(new Error('away'));
  await settled();
  expect([failing.state, drained.state]).toEqual(['away', 'waiting']);
  flushes[1]!.succeed();
  await settled();

  expect(drained.state).toBe('durable');
  await batcher.drained();
});

test('pending counts what is submitted and not yet durable or failed', async () => {
  const { batcher, flushes } = batcherWith(2);
  const first = outcomeOf(batcher.submit([1, 2]));
  void batcher.submit([3]);
  expect(batcher.pending).toBe(3);

  await settled();
  flushes[0]!.fail(new Error('away'));
  await settled();
  expect([first.state, batcher.pending]).toEqual(['away', 1]);
  flushes[1]!.succeed();
  await settled();

  expect(batcher.pending).toBe(0);
});
