import { BlockList, isIP } from 'node:net';

/** Of IPv4, what is not the public internet: private, loopback, link-local (cloud metadata), shared, test nets, multicast, reserved. */
const CLOSED_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** Of IPv6, the internet is 2000::/3 without these: protocol assignments (Teredo), documentation, 6to4. */
const CLOSED_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const closed = new BlockList();
for (const net of CLOSED_V4) closed.addSubnet(...netOf(net), 'ipv4');
for (const net of CLOSED_V6) closed.addSubnet(...netOf(net), 'ipv6');
const internet = new BlockList();
internet.addSubnet('2000::', 3, 'ipv6');

/** Whether the address, without brackets, is one of the public internet. An IPv4 address written as IPv6 is not. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !closed.check(address, 'ipv4');
    case 6:
      return internet.check(address, 'ipv6') && !closed.check(address, 'ipv6');
    default:
      return false;
  }
}

function netOf(net: string): [address: string, prefix: number] {
  const [address, prefix] = net.split('/');
  return [address!, Number(prefix)];
}
