import { parseArgs } from 'node:util';
import { newUserId } from './identifiers';
import { Simulator } from './simulator';
import { DEMO_TEMPLATES } from './templates';

/*
 * The simulator as a process of its own. Flags win over environment variables; with neither, everything has a
 * value that fits the demo. Any field of the environment that is empty counts as not set.
 */

const SETTINGS = {
  port: { variable: 'SIMULATOR_PORT', fallback: '4000' },
  host: { variable: 'SIMULATOR_HOST', fallback: '127.0.0.1' },
  'webhook-url': { variable: 'WEBHOOK_URL', fallback: 'http://127.0.0.1:3000/meta-whatsapp/webhook' },
  'app-secret': { variable: 'WHATSAPP_APP_SECRET', fallback: 'demo-app-secret' },
  'verify-token': { variable: 'WHATSAPP_WEBHOOK_VERIFY_TOKEN', fallback: 'demo-verify-token' },
  'phone-number-id': { variable: 'WHATSAPP_PHONE_NUMBER_ID', fallback: '106540352242922' },
  'business-account-id': { variable: 'WHATSAPP_BUSINESS_ACCOUNT_ID', fallback: '102290129340398' },
  'access-token': { variable: 'WHATSAPP_ACCESS_TOKEN', fallback: 'demo-access-token' },
} as const;

type Setting = keyof typeof SETTINGS;

const DEMO_CUSTOMERS = [
  { name: 'Ana Souza', phone: '5511999990001', hidesPhone: false },
  { name: 'Bruno Díaz', phone: '5491155550002', hidesPhone: false },
  { name: 'Chloé Martin', phone: '33612340003', username: 'chloe.m', hidesPhone: true },
];

function readSettings(): Record<Setting, string> {
  const names = Object.keys(SETTINGS) as Setting[];
  const { values } = parseArgs({
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
  });
  const entries = names.map((name) => {
    const { variable, fallback } = SETTINGS[name];
    return [name, values[name] || process.env[variable] || fallback] as const;
  });
  return Object.fromEntries(entries) as Record<Setting, string>;
}

async function main(): Promise<void> {
  const settings = readSettings();
  const port = Number(settings.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`SIMULATOR_PORT must be a port number, not "${settings.port}"`);
  }
  const simulator = await Simulator.start({
    port,
    host: settings.host,
    webhookUrl: new URL(settings['webhook-url']).href,
    appSecret: settings['app-secret'],
    verifyToken: settings['verify-token'],
    phoneNumberId: settings['phone-number-id'],
    businessAccountId: settings['business-account-id'],
    accessToken: settings['access-token'],
    // A message is read when the phone page shows it.
    statusDelaysMs: { sent: 150, delivered: 500, read: -1 },
  });
  simulator.templates.set(DEMO_TEMPLATES);
  for (const { hidesPhone, ...customer } of DEMO_CUSTOMERS) {
    simulator.phone.meet({ ...customer, userId: newUserId(customer.phone) }, hidesPhone);
  }
  // A parent tells its user itself.
  if (!process.send)
    console.log(
      `WhatsApp simulator: open ${simulator.url}/ for the phone (webhooks go to ${simulator.webhookUrl})`,
    );

  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(0), 800).unref();
    void simulator.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('disconnect', end);
  // Started with an IPC channel: the parent may already have gone while the port was being opened.
  if (process.send && !process.connected) end();
  else process.send?.({ type: 'ready', url: simulator.url });
}

main().catch((error: NodeJS.ErrnoException) => {
  const reason =
    error.code === 'EADDRINUSE'
      ? `port ${(error as { port?: number }).port} is already in use: stop what listens there, or set SIMULATOR_PORT to another one.`
      : error.message;
  console.error(`The simulator cannot start: ${reason}`);
  process.exit(1);
});
