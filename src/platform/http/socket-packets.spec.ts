import { Encoder, type Packet, PacketType } from 'socket.io-parser';
import { PACKET_PARSER, ReadyJson } from './socket-packets';

const PAYLOAD = { id: 7, body: 'Olá "você" \\ ☕ 𝒳 \u2028\n', nested: { list: [1, null, true] } };
const META = { id: 9, cursor: '1:2:' };

const eventOf = (first: unknown, nsp: string): Packet => ({
  type: PacketType.EVENT,
  nsp,
  data: ['message:new', first, META],
});

test.each(['/crm', '/'])('text that is ready is sent in %s as the object would be', (nsp) => {
  const encoder = new PACKET_PARSER.Encoder();
  expect(encoder.encode(eventOf(new ReadyJson(JSON.stringify(PAYLOAD)), nsp))).toEqual(
    new Encoder().encode(eventOf(PAYLOAD, nsp)),
  );
});

test('everything else is encoded as Socket.IO does', () => {
  const encoder = new PACKET_PARSER.Encoder();
  const bytes = { file: Buffer.from('x') };
  const packets: Packet[] = [
    eventOf(PAYLOAD, '/crm'),
    eventOf(bytes, '/crm'),
    { ...eventOf(PAYLOAD, '/crm'), id: 3 },
    { type: PacketType.ACK, nsp: '/crm', id: 4, data: [PAYLOAD] },
    { type: PacketType.CONNECT, nsp: '/crm', data: { sid: 'a' } },
  ];
  for (const packet of packets) expect(encoder.encode(packet)).toEqual(new Encoder().encode(packet));
});

test('an event that asks for an answer may carry ready text too', () => {
  const [text] = new PACKET_PARSER.Encoder().encode({
    ...eventOf(new ReadyJson(JSON.stringify(PAYLOAD)), '/crm'),
    id: 3,
  });
  expect(text).toEqual(new Encoder().encode({ ...eventOf(PAYLOAD, '/crm'), id: 3 })[0]);
});
