import 'reflect-metadata';
import { countOf, parseOptions } from './seed/script-arguments';
import { type Customer, Seeder } from './seed/seeder';
import { Progress } from './seed/progress';
import { refuseInProduction, runScript, withServices } from './with-database';

const CUSTOMER: Customer = { phone: '5490000000002', name: 'Bruno Directo' };
const NAMES = ['count'] as const;
const DEFAULT_COUNT = 200;
const MAX_COUNT = 100_000;
/** Messages of one transaction. */
const BATCH = 200;

runScript({
  usage: `npm run seed:direct-messages [-- --count ${DEFAULT_COUNT}]   a long conversation with one customer, to page and search through; up to ${MAX_COUNT} messages`,
  takes: (args) => {
    const options = parseOptions(args, NAMES);
    return options !== null && countOf(options['count'], DEFAULT_COUNT, MAX_COUNT) !== null;
  },
  async run(config, args) {
    refuseInProduction(config);
    const count = countOf(parseOptions(args, NAMES)!['count'], DEFAULT_COUNT, MAX_COUNT)!;
    await withServices(
      config,
      async (services) => {
        const seeder = new Seeder(services);
        const integrationId = await seeder.number(await seeder.actor('admin'));
        const progress = new Progress('messages', count);
        const start = Date.now() - count * 1_000;
        for (let from = 0; from < count; from += BATCH) {
          const batch = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => ({
            customer: CUSTOMER,
            body: `Mensaje directo ${from + i + 1} de ${count}`,
            at: new Date(start + (from + i) * 1_000),
          }));
          await seeder.receive(integrationId, batch);
          progress.add(batch.length);
        }
        const [id] = await seeder.conversationsOf([CUSTOMER]);
        console.log(`They stand in conversation ${id}, with ${CUSTOMER.name}.`);
      },
      Seeder.modules,
    );
  },
});
