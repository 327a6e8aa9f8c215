import type { Mutation } from './mutation';

/** What the surroundings do: disks, clocks, migrations, processes that stand still. */
export const WORLD_MUTATIONS: readonly Mutation[] = [
  {
    name: 'disk-full-is-ours',
    does: 'A database without room is taken for an error of the server (500).',
    patches: [
      {
        file: 'src/platform/database/database-errors.js',
        find: '/^(08|53|57|58)/.test(state)',
        replace: '/^(08|57|58)/.test(state)',
      },
    ],
    fault: 'postgres-disk-full',
    turnsRed: ['answer'],
  },
  {
    name: 'own-clock',
    does: "Each process goes by its machine's clock.",
    patches: [
      {
        file: 'src/common/clock.js',
        find: 'now: () => Math.floor(origin + performance.now())',
        replace: 'now: () => Date.now()',
      },
    ],
    fault: 'clock-jumps',
    turnsRed: ['lost', 'check'],
  },
  {
    name: 'migration-waits',
    does: 'A migration waits for a table for as long as it takes, and everybody else behind it.',
    patches: [
      {
        file: 'src/platform/database/migrate.js',
        find: 'const LOCK_WAIT_MS = 2_000;',
        replace: 'const LOCK_WAIT_MS = 0;',
      },
    ],
    fault: 'rolling-migration',
    turnsRed: ['check'],
  },
  {
    name: 'zombie-sends-again',
    does: 'What another worker was sending is simply sent by the one that takes it over.',
    patches: [
      {
        file: 'src/messages/outbox.service.js',
        find: 'if (head.sendingSince !== null) {',
        replace: 'if (head.sendingSince === 0) {',
      },
    ],
    fault: 'zombie-worker',
    turnsRed: ['duplicated'],
  },
  {
    name: 'zombie-sends-late',
    does: 'A send that has begun leaves whatever has happened since.',
    patches: [
      {
        file: 'src/meta-whatsapp/guarded-post.js',
        find: 'if (mayGo()) {',
        replace: 'if (true) {',
      },
    ],
    fault: 'zombie-worker',
    turnsRed: ['disordered'],
  },
];
