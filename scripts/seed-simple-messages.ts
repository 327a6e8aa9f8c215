import 'reflect-metadata';
import { parseOptions } from './seed/script-arguments';
import { type Customer, Seeder } from './seed/seeder';
import { Progress } from './seed/progress';
import { refuseInProduction, runScript, withServices } from './with-database';

const CUSTOMER: Customer = { phone: '5490000000001', name: 'Ana Simple' };
const MINUTE_MS = 60_000;

/** A short exchange: who speaks, and what. */
const SCENE: ['customer' | 'agent', string][] = [
  ['customer', 'Hola, ¿tienen la remera azul en talle M?'],
  ['agent', 'Hola Ana, sí, nos quedan dos.'],
  ['customer', '¿Y cuánto sale el envío?'],
  ['agent', 'El envío es gratis a partir de dos prendas.'],
  ['customer', 'Perfecto, llevo dos. ¡Gracias!'],
];

runScript({
  usage:
    'npm run seed:simple-messages   one customer, one conversation, five messages; each run adds them once more',
  takes: (args) => parseOptions(args, []) !== null,
  async run(config) {
    refuseInProduction(config);
    await withServices(
      config,
      async (services) => {
        const seeder = new Seeder(services);
        const agent = await seeder.actor('admin');
        const integrationId = await seeder.number(agent);
        const progress = new Progress('messages', SCENE.length);
        const start = Date.now() - SCENE.length * MINUTE_MS;
        for (const [i, [who, body]] of SCENE.entries()) {
          const at = new Date(start + i * MINUTE_MS);
          if (who === 'customer') await seeder.receive(integrationId, [{ customer: CUSTOMER, body, at }]);
          else await seeder.reply(agent, (await seeder.conversationsOf([CUSTOMER]))[0]!, body, at);
          progress.add(1);
        }
        const [id] = await seeder.conversationsOf([CUSTOMER]);
        console.log(`They stand in conversation ${id}, with ${CUSTOMER.name}.`);
      },
      Seeder.modules,
    );
  },
});
