import 'reflect-metadata';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Controller,
  HttpCode,
  type INestApplication,
  Inject,
  Module,
  Post,
  type RawBodyRequest,
  Req,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Server as SocketServer } from 'socket.io';
import { batchedStore, type FloorMessage, floorPool, type Store, transactionStore } from './floor-store';

// The least a Nest server can be that verifies a webhook's signature over its raw bytes and stores its messages
// before it answers. `floor.js fastify|express full|tx [tell]`; DATABASE_URL and APP_SECRET in the environment.
// With `tell`, each message goes to the sockets on /crm once it is stored.

const STORE = Symbol('STORE');
const PREFIX = 'sha256=';
const HEADER_LENGTH = 71;
const sockets = process.argv[4] === 'tell' ? new SocketServer({ serveClient: false }) : null;

interface Hook {
  entry: {
    changes: {
      value: {
        contacts?: { wa_id: string; profile?: { name?: string } }[];
        messages?: { id: string; from: string; timestamp: string; text?: { body?: string } }[];
      };
    }[];
  }[];
}

@Controller()
class HookController {
  constructor(@Inject(STORE) private readonly store: Store) {}

  @Post('webhook')
  @HttpCode(200)
  async receive(@Req() request: RawBodyRequest<IncomingMessage>): Promise<{ status: 'ok' }> {
    const raw = request.rawBody!;
    if (!isSigned(raw, request.headers['x-hub-signature-256'])) throw new Error('The signature is wrong.');
    await Promise.all(messagesOf(JSON.parse(raw.toString()) as Hook).map(this.store));
    return { status: 'ok' };
  }
}

@Module({
  controllers: [HookController],
  providers: [
    {
      provide: STORE,
      useFactory: (): Store => {
        const pool = floorPool(process.env['DATABASE_URL']!);
        return telling(process.argv[3] === 'tx' ? transactionStore(pool) : batchedStore(pool));
      },
    },
  ],
})
class FloorModule {}

function telling(store: Store): Store {
  if (sockets === null) return store;
  const everyone = sockets.of('/crm').on('connection', (socket) => socket.emit('stream:ready', {}));
  return async (message) => {
    await store(message);
    everyone.emit('message:new', { ...message, whatsapp_message_id: message.wamid });
  };
}

function isSigned(raw: Buffer, header: string | string[] | undefined): boolean {
  const wanted = createHmac('sha256', process.env['APP_SECRET']!).update(raw).digest();
  return (
    typeof header === 'string' &&
    header.length === HEADER_LENGTH &&
    timingSafeEqual(wanted, Buffer.from(header.slice(PREFIX.length), 'hex'))
  );
}

function messagesOf(hook: Hook): FloorMessage[] {
  const changes = hook.entry.flatMap((entry) => entry.changes);
  return changes.flatMap(({ value }) => {
    const names = new Map(value.contacts?.map((contact) => [contact.wa_id, contact.profile?.name]));
    return (value.messages ?? []).map((message) => ({
      wamid: message.id,
      from: message.from,
      name: names.get(message.from) ?? null,
      body: message.text?.body ?? null,
      at: new Date(Number(message.timestamp) * 1000),
    }));
  });
}

async function createApp(): Promise<INestApplication> {
  const options = { rawBody: true, logger: ['error' as const] };
  return process.argv[2] === 'fastify'
    ? await NestFactory.create(FloorModule, new FastifyAdapter(), options)
    : await NestFactory.create(FloorModule, options);
}

async function main(): Promise<void> {
  process.on('SIGTERM', () => process.exit(0));
  process.on('disconnect', () => process.exit(1));
  const app = await createApp();
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer() as Server;
  server.keepAliveTimeout = 60_000;
  sockets?.attach(server);
  process.send!({ type: 'ready', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

void main();
