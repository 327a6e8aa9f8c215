import type { Trial } from '../trial';

export interface LoadSize {
  messages: number;
  /** For each conversation. */
  replies: number;
  conversations?: number;
  pauseMs?: number;
  /** Users of the live chat, and what is said by each and to each. */
  chat?: { users: number; messages: number; answers: number };
  /** The load goes on, as often as it takes, until the fault is over. */
  untilDone?: true;
}

/**
 * Customers write on WhatsApp and in the live chat, agents answer and sockets listen while something is broken. `busy` says whether anybody still
 * writes. Resolves when both are over and everything was acknowledged: from then on the time counts.
 */
export async function underLoad(
  trial: Trial,
  { messages, replies, conversations = 20, pauseMs = 0, chat, untilDone }: LoadSize,
  breakIt: (busy: () => boolean) => Promise<void>,
): Promise<void> {
  await trial.listen();
  const ids = await trial.conversations(conversations);
  const state = { broken: true, running: true };
  const agents = trial.agents({ conversations: ids, replies, writers: Math.min(conversations, 20), pauseMs });
  const talk =
    chat &&
    (await trial.chat({
      users: chat.users,
      messages: trial.times(chat.messages),
      answers: trial.times(chat.answers),
      pauseMs,
    }));
  if (untilDone) for (const each of [agents, talk]) each?.stopWhen(() => !state.broken);
  const write = async (): Promise<void> => {
    await trial.customers({ messages: trial.times(messages) }).run();
    if (untilDone && state.broken) await write();
  };
  const load = Promise.all([write(), agents.run(), talk?.run()]).finally(() => (state.running = false));
  load.catch(() => undefined); // heard below
  await breakIt(() => state.running);
  state.broken = false;
  await load;
  trial.healed();
}
