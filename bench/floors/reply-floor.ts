import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { floorPool } from './floor-store';

// The least a Nest server can be that stores what is said to a customer, durably, before it hands it to Graph.
// DATABASE_URL and GRAPH_URL, the address that takes messages, in the environment.

interface Reply {
  conversation_id: number;
  body: string;
}

const pool = floorPool(process.env['DATABASE_URL']!);

@Controller()
class ReplyController {
  @Post('messages')
  async send(@Body() { conversation_id, body }: Reply): Promise<{ id: string }> {
    const { rows } = await pool.query<{ id: string; wa_id: string }>({
      name: 'say',
      text: `with said as (insert into messages (conversation_id, direction, body, sent_at) values ($1, 1, $2, now()) returning id),
          last as (update conversations set last_message_at = now(), last_message = left($2, 100) where id = $1 returning contact_id)
        select said.id, contacts.wa_id from said, last join contacts on contacts.id = last.contact_id`,
      values: [conversation_id, body],
    });
    const { id, wa_id } = rows[0]!;
    void this.handOver(id, wa_id, body);
    return { id };
  }

  private async handOver(id: string, to: string, body: string): Promise<void> {
    const answer = await fetch(process.env['GRAPH_URL']!, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer bench-access-token' },
      body: JSON.stringify({ messaging_product: 'whatsapp', to, type: 'text', text: { body } }),
    });
    const { messages } = (await answer.json()) as { messages: { id: string }[] };
    await pool.query({
      name: 'accepted',
      text: 'update messages set wamid = $2, status = 1 where id = $1',
      values: [id, messages[0]!.id],
    });
  }
}

@Module({ controllers: [ReplyController] })
class ReplyModule {}

async function main(): Promise<void> {
  process.on('SIGTERM', () => process.exit(0));
  process.on('disconnect', () => process.exit(1));
  const app = await NestFactory.create(ReplyModule, new FastifyAdapter(), { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer() as Server;
  process.send!({ type: 'ready', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

void main();
