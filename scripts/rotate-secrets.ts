import 'reflect-metadata';
import { SecretBox } from '../src/platform/crypto/secret-box';
import { appConnectionOptions, connectApp, PlatformDatabase } from '../src/platform/database/connections';
import { UnitOfWork } from '../src/platform/database/unit-of-work';
import { rotateSecrets } from './secret-rotation';
import { runScript, withDatabaseUrl } from './with-database';

/** For the operator: seals every stored credential with the current key, so that the previous ones can go. */
runScript({
  usage:
    'npm run secrets:rotate   seal every stored credential with ENCRYPTION_KEY; those of the keys in ENCRYPTION_KEY_PREVIOUS are opened with them',
  takes: (args) => args.length === 0,
  async run(config) {
    const counts = await withDatabaseUrl(config, async (url) => {
      const platform = new PlatformDatabase(url);
      const source = await connectApp(appConnectionOptions(url, 1));
      try {
        const workspaces = await platform.query<{ id: number }>('select id from workspace order by id');
        const services = { work: new UnitOfWork(source), box: new SecretBox(config) };
        return await rotateSecrets(
          services,
          workspaces.map(({ id }) => id),
          (line) => console.log(line),
        );
      } finally {
        await source.destroy();
        await platform.close();
      }
    });
    console.log(
      `done: ${counts.resealed} sealed anew, ${counts.current} were current, ${counts.unreadable} unreadable`,
    );
    if (counts.unreadable === 0) return;
    console.error(
      'The unreadable ones were sealed with a key that is not given here. Add it to ENCRYPTION_KEY_PREVIOUS and run this again, or enter them anew.',
    );
    process.exitCode = 1;
  },
});
