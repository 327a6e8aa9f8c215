import { isRetryable } from '../platform/database/database-errors';
import { orOvertaken } from './contacts.errors';

const violation = (code: string, constraint: string): Error =>
  Object.assign(new Error('refused'), { code, constraint });
async function thrown(problem: Error): Promise<unknown> {
  try {
    return await orOvertaken(Promise.reject(problem));
  } catch (caught) {
    return caught;
  }
}

test.each(['conversation_workspace_id_contact_id_fkey', 'contact_identity_workspace_id_contact_id_fkey'])(
  'a contact that is gone when %s is checked: the unit of work runs again',
  async (constraint) => {
    expect(isRetryable(await thrown(violation('23503', constraint)))).toBe(true);
  },
);

test.each([
  ['another reference', violation('23503', 'conversation_workspace_id_integration_id_fkey')],
  ['a unique value', violation('23505', 'contact_workspace_id_phone_number_key')],
  ['anything else', new Error('no')],
])('%s is passed on as it is', async (_, error) => {
  expect(await thrown(error)).toBe(error);
});

test('what succeeds is answered', async () => {
  expect(await orOvertaken(Promise.resolve(7))).toBe(7);
});
