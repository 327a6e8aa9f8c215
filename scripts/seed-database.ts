import 'reflect-metadata';
import { ConversationsService } from '../src/conversations/conversations.service';
import { UsersService } from '../src/users/users.service';
import { AppError } from '../src/common/app-error';
import { DEFAULT_WORKSPACE } from '../src/workspaces/workspaces.service';
import { customers, TAGS, talk } from './seed/made-up-data';
import { countOf, parseOptions } from './seed/script-arguments';
import { Progress } from './seed/progress';
import { Seeder } from './seed/seeder';
import { refuseInProduction, runScript, withServices } from './with-database';

const NAMES = ['customers'] as const;
const DEFAULT_CUSTOMERS = 60;
const MAX_CUSTOMERS = 10_000;
const ROUNDS = 4;
const MINUTE_MS = 60_000;
const BOT = 'Recepción';

const AGENTS = [
  { username: 'ana', name: 'Ana Agente', password: 'ana12345', role: 'employer' },
  { username: 'luis', name: 'Luis Agente', password: 'luis12345', role: 'employer' },
];

runScript({
  usage: `npm run seed:database [-- --customers ${DEFAULT_CUSTOMERS}]   a shop in full swing: accounts, tags, a bot, customers, conversations in every state; run again, it changes nothing`,
  takes: (args) => {
    const options = parseOptions(args, NAMES);
    return options !== null && countOf(options['customers'], DEFAULT_CUSTOMERS, MAX_CUSTOMERS) !== null;
  },
  async run(config, args) {
    refuseInProduction(config);
    const count = countOf(parseOptions(args, NAMES)!['customers'], DEFAULT_CUSTOMERS, MAX_CUSTOMERS)!;
    await withServices(config, (services) => seed(new Seeder(services), count), Seeder.modules);
  },
});

async function seed(seeder: Seeder, count: number): Promise<void> {
  const admin = await seeder.actor('admin');
  const agents = await makeAgents(seeder);
  console.log(`accounts         ${agents.map(({ username }) => username).join(', ')} and the default ones`);
  const tags: number[] = [];
  for (const name of TAGS) tags.push(await seeder.tagId(admin, name));
  console.log(`tags             ${TAGS.join(', ')}`);
  const botId = await seeder.botId(admin, BOT);

  const everybody = customers(count);
  const known = await seeder.known(everybody);
  const fresh = everybody
    .map((customer, i) => ({ customer, i }))
    .filter(({ customer }) => !known.has(customer.phone));
  if (fresh.length === 0) {
    console.log(`customers        all ${count} exist, left as they are`);
    return;
  }
  const integrationId = await seeder.number(admin);
  const progress = new Progress('conversations', fresh.length);
  for (const { customer, i } of fresh) {
    const agent = agents[i % agents.length]!;
    const start = Date.now() - (i + ROUNDS + 1) * 7 * MINUTE_MS;
    for (let round = 0; round < 1 + (i % ROUNDS); round++) {
      const { asks, answers } = talk(i, round);
      const at = (minutes: number): Date => new Date(start + (round * 5 + minutes) * MINUTE_MS);
      await seeder.receive(integrationId, [{ customer, body: asks, at: at(0) }]);
      const [id] = await seeder.conversationsOf([customer]);
      if (i % 4 !== 3) await seeder.reply(admin, id!, answers, at(2));
    }
    await seeder.tag(admin, customer, tags[i % tags.length]!);
    await settle(seeder, i, (await seeder.conversationsOf([customer]))[0]!, agent.userId, botId);
    progress.add(1);
  }
}

/** Leaves the conversation in one of the states that an inbox knows: queued, with somebody, or with a bot. */
async function settle(
  seeder: Seeder,
  i: number,
  conversationId: number,
  agentId: number,
  botId: number,
): Promise<void> {
  const conversations = seeder.get(ConversationsService);
  const admin = await seeder.actor('admin');
  if (i % 4 === 0) await conversations.assign(admin, conversationId, { assigned_user: agentId });
  if (i % 4 === 1) await conversations.assign(admin, conversationId, { assigned_bot: botId });
  if (i % 4 === 2) await conversations.setRead(admin, conversationId, true);
}

async function makeAgents(seeder: Seeder): Promise<{ userId: number; username: string }[]> {
  const users = seeder.get(UsersService);
  for (const agent of AGENTS) {
    await users.create(DEFAULT_WORKSPACE.id, agent).catch((error: unknown) => {
      if (!(error instanceof AppError && error.code === 'CONFLICT')) throw error;
    });
  }
  return await Promise.all(AGENTS.map(({ username }) => seeder.actor(username)));
}
