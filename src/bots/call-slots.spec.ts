import { CallSlots } from './call-slots';

test('half of the workers may wait for services, and one bot leaves some to the others', () => {
  const slots = new CallSlots(10);
  const of = (botId: number, count: number): boolean[] =>
    Array.from({ length: count }, () => slots.one().enter(botId));
  expect(of(1, 4)).toEqual([true, true, true, false]);
  expect(of(2, 3)).toEqual([true, true, false]);
});

test('a place is taken once, however often it is asked for, and is free again afterwards', () => {
  const slots = new CallSlots(2);
  const slot = slots.one();
  expect([slot.enter(1), slot.enter(1), slots.one().enter(1)]).toEqual([true, true, false]);
  slot.leave();
  slot.leave();
  expect([slots.one().enter(2), slots.one().enter(2)]).toEqual([true, false]);
});
