import type { Customer } from './seeder';

const FIRST = [
  'Ana',
  'Bruno',
  'Carla',
  'Diego',
  'Elena',
  'Franco',
  'Gabriela',
  'Hugo',
  'Inés',
  'João',
  'Lucía',
  'Martín',
];
const LAST = [
  'Álvarez',
  'Benítez',
  'Costa',
  'Díaz',
  'Escobar',
  'Fernández',
  'Gómez',
  'Ibáñez',
  'Muñoz',
  'Ruiz',
  'Silva',
];

export const TAGS = ['VIP', 'Nuevo', 'Mayorista', 'Reclamo', 'Pago pendiente'];

/** What customers say, and what may be answered to it. */
const TALK: [string, string][] = [
  ['Hola, ¿tienen stock de la campera negra?', 'Hola, sí, en talles S a XL.'],
  ['¿Hacen envíos al interior?', 'Sí, por correo, en tres a cinco días.'],
  ['Quiero cancelar mi pedido, por favor.', 'Listo, lo cancelamos y te devolvemos el pago.'],
  ['¿Cuál es el horario de atención?', 'De lunes a sábado, de 9 a 20 h.'],
  ['El paquete llegó roto.', 'Lo sentimos mucho. ¿Nos mandás una foto?'],
  ['¿Puedo pagar en cuotas?', 'Sí, hasta seis cuotas sin interés.'],
  ['Muchas gracias por la ayuda 🙌', '¡A vos! Que tengas un buen día.'],
];

/** Numbers below this one are other scripts'. */
const FIRST_NUMBER = 5_490_000_001_000;

/** The same customers every time. */
export function customers(count: number): Customer[] {
  return Array.from({ length: count }, (_, i) => ({
    phone: String(FIRST_NUMBER + i),
    name: `${FIRST[i % FIRST.length]} ${LAST[(i * 7) % LAST.length]}`,
  }));
}

/** The exchange that customer `i` has in round `round`. */
export function talk(i: number, round: number): { asks: string; answers: string } {
  const [asks, answers] = TALK[(i * 3 + round) % TALK.length]!;
  return { asks, answers };
}
