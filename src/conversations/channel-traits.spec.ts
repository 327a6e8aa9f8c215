import { channelOfIntegrations, declareChannel, traitsOf } from './channel-traits.port';
import { isWindowOpen, messagingWindow } from './conversation-window.policy';

const NOW = new Date('2026-01-02T00:00:00Z');
const until = (windowExpiresAt: Date | null) => ({ channel: 'of-numbers', windowExpiresAt });

beforeAll(() => declareChannel('of-numbers', { window: true, buttons: false, integrations: true }));

test('a channel that says nothing of itself has none of it', () => {
  expect(traitsOf('unheard-of')).toEqual({ window: false, buttons: false, integrations: false });
  const conversation = { channel: 'unheard-of', windowExpiresAt: null };
  expect([isWindowOpen(conversation, NOW), messagingWindow(conversation, NOW)]).toEqual([true, null]);
});

test('a channel with a window is open until it closes, and only to what was approved from then on', () => {
  const later = new Date(NOW.getTime() + 1);
  expect([until(null), until(NOW), until(later)].map((one) => isWindowOpen(one, NOW))).toEqual([
    false,
    false,
    true,
  ]);
  expect(messagingWindow(until(later), NOW)).toEqual({
    open: true,
    expires_at: later.toISOString(),
    allowed: ['free_form', 'template'],
  });
  expect(messagingWindow(until(NOW), NOW)?.allowed).toEqual(['template']);
});

test('conversations with a number of ours are of the channel that has integrations', () => {
  expect(channelOfIntegrations()).toBe('of-numbers');
});
