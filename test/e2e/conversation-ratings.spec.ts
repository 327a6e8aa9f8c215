import type { SatisfactionReport } from '../../src/analytics/analytics.types';
import type { RateConversationDto } from '../../src/conversations/conversation-ratings.dto';
import { ConversationRatingsService } from '../../src/conversations/conversation-ratings.service';
import type { ConversationRatingDto } from '../../src/conversations/conversation-ratings.types';
import { ConversationsService } from '../../src/conversations/conversations.service';
import type { ConversationDetailDto } from '../../src/conversations/conversations.types';
import { UnitOfWork } from '../../src/platform/database/unit-of-work';
import { eventually } from '../support/eventually';
import { conversationOf, newPhone } from '../support/sending';
import { type Caller, TestSystem } from '../support/system';

let system: TestSystem;
let admin: Caller;
let ana: Caller;
let ben: Caller;

beforeAll(async () => {
  system = await TestSystem.start();
  admin = await system.signIn('admin');
  ana = await system.signIn('employer');
  ben = await system.signIn('employer');
});
afterAll(() => system.stop());

/** As the customer's surface asks for it. */
async function rate(id: number, rating: RateConversationDto): Promise<ConversationRatingDto> {
  const service = <T>(type: new (...args: never[]) => T): T => system.app.get<T>(type, { strict: false });
  return await service(UnitOfWork).run({ workspaceId: 1 }, async () => {
    const conversation = await service(ConversationsService).lock(id);
    return await service(ConversationRatingsService).rate(conversation!, rating);
  });
}

async function closedConversation(by: Caller = admin): Promise<number> {
  const id = await conversationOf(system, newPhone());
  expect((await by.patch(`/conversations/${id}/assign`)).status).toBe(200);
  expect((await by.patch(`/conversations/${id}`, { status: 'closed' })).status).toBe(200);
  return id;
}

const ratingOf = async (id: number): Promise<unknown> =>
  (await admin.get<ConversationDetailDto & Record<string, unknown>>(`/conversations/${id}`)).body.rating;

async function satisfaction(of: Caller): Promise<SatisfactionReport['totals']> {
  const path = `/analytics/satisfaction?user_id=${of.user.id}`;
  return (await admin.get<SatisfactionReport & Record<string, unknown>>(path)).body.totals;
}

test('a conversation that is over is rated, shown with it, told to who may see it, and counted', async () => {
  const [heardByAna, heardByBen] = [await system.listen(ana), await system.listen(ben)];
  const id = await closedConversation(ana);
  expect(await ratingOf(id)).toBeNull();

  const rating = await rate(id, { score: 4, comment: 'Quick!' });

  expect(rating).toEqual({
    score: 4,
    comment: 'Quick!',
    created_at: expect.stringMatching(/Z$/) as string,
  });
  expect(await ratingOf(id)).toEqual(rating);
  await eventually(() => heardByAna.of('conversation:rated').length === 1, { what: 'the news' });
  expect(heardByAna.of('conversation:rated')[0]!.payload).toEqual({ conversation_id: id, rating });
  await eventually(async () => (await satisfaction(ana)).scores['4'] === 1, { what: 'the count' });
  expect(heardByBen.of('conversation:rated')).toEqual([]);
});

test('rated again within a day, the newer rating takes the place of the older one, in the numbers too', async () => {
  const id = await closedConversation(ben);
  const first = await rate(id, { score: 1, comment: 'Bad' });
  await eventually(async () => (await satisfaction(ben)).scores['1'] === 1, { what: 'the first rating' });

  const second = await rate(id, { score: 5 });

  expect(second).toEqual({ score: 5, comment: null, created_at: first.created_at });
  expect(await ratingOf(id)).toEqual(second);
  await eventually(async () => (await satisfaction(ben)).scores['5'] === 1, { what: 'the second rating' });
  expect(await satisfaction(ben)).toEqual({
    ratings: 1,
    average_score: 5,
    satisfied_share: 1,
    scores: { '1': 0, '2': 0, '3': 0, '4': 0, '5': 1 },
  });
});

test('later than that it stands', async () => {
  const id = await closedConversation();
  const first = await rate(id, { score: 2 });
  await system.sql(
    `update conversation_rating set created_at = created_at - interval '24 hours' where conversation_id = $1`,
    [id],
  );
  await expect(rate(id, { score: 5 })).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await ratingOf(id)).toMatchObject({ score: first.score });
});

test('an open conversation is not rated, neither before it was closed nor once it is opened again', async () => {
  const open = await conversationOf(system, newPhone());
  await expect(rate(open, { score: 5 })).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await ratingOf(open)).toBeNull();
  const reopened = await closedConversation();
  await admin.patch(`/conversations/${reopened}`, { status: 'active' });
  await expect(rate(reopened, { score: 5 })).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('an archived one is', async () => {
  const id = await closedConversation();
  await admin.patch(`/conversations/${id}`, { status: 'archived' });
  expect(await rate(id, { score: 3 })).toMatchObject({ score: 3 });
});

test('staff cannot rate', async () => {
  const id = await closedConversation();
  const rating = { score: 5, comment: null };
  for (const body of [{ rating }, { score: 5 }])
    expect(await admin.patch(`/conversations/${id}`, body)).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
  expect((await admin.post(`/conversations/${id}/rating`, rating)).status).toBe(404);
  expect(await ratingOf(id)).toBeNull();
});

test.each([0, 6, -1])('the database takes no score of %i', async (score) => {
  const id = await closedConversation();
  await expect(rate(id, { score })).rejects.toMatchObject({ code: '23514' });
});
