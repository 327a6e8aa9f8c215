/** What the widget says itself, in each of its languages. */
export interface Texts {
  title: string;
  open: string;
  openUnread: (count: number) => string;
  close: string;
  greeting: string;
  conversation: string;
  write: string;
  send: string;
  attach: string;
  dropHere: string;
  earlier: string;
  toNewest: string;
  reconnecting: string;
  offline: string;
  signedOut: string;
  typing: string;
  sending: string;
  sent: string;
  delivered: string;
  read: string;
  failed: string;
  tooLarge: string;
  unsupported: string;
  refused: string;
  retry: string;
  discard: string;
  cancel: string;
  edited: string;
  deleted: string;
  you: string;
  today: string;
  yesterday: string;
  closed: string;
  rate: string;
  stars: (count: number) => string;
  comment: string;
  submit: string;
  thanks: string;
  startAnew: string;
  elsewhere: string;
  newTab: string;
}

const en: Texts = {
  title: 'Chat with us',
  open: 'Open chat',
  openUnread: (count) => `Open chat, ${count} unread ${count === 1 ? 'message' : 'messages'}`,
  close: 'Close chat',
  greeting: 'Hello! How can we help?',
  conversation: 'Conversation',
  write: 'Write a message',
  send: 'Send',
  attach: 'Attach a file',
  dropHere: 'Drop files to send them',
  earlier: 'Show earlier messages',
  toNewest: 'To the newest message',
  reconnecting: 'Reconnecting … What you write is kept and sent.',
  offline: 'You are offline. What you write is kept and sent.',
  signedOut: 'You are signed out. Please reload the page.',
  typing: 'is typing …',
  sending: 'Sending',
  sent: 'Sent',
  delivered: 'Delivered',
  read: 'Read',
  failed: 'Not sent',
  tooLarge: 'The file is too large.',
  unsupported: 'Files of this kind are not accepted.',
  refused: 'The server did not accept this.',
  retry: 'Try again',
  discard: 'Discard',
  cancel: 'Cancel',
  edited: 'edited',
  deleted: 'This message was deleted.',
  you: 'You',
  today: 'Today',
  yesterday: 'Yesterday',
  closed: 'This conversation has ended.',
  rate: 'How was it?',
  stars: (count) => `${count} of 5`,
  comment: 'Anything to add? (optional)',
  submit: 'Send rating',
  thanks: 'Thank you for your rating.',
  startAnew: 'Start a new conversation',
  elsewhere: 'New answer in another conversation: show it',
  newTab: 'opens in a new tab',
};

const es: Texts = {
  title: 'Chatea con nosotros',
  open: 'Abrir el chat',
  openUnread: (count) => `Abrir el chat, ${count} ${count === 1 ? 'mensaje sin leer' : 'mensajes sin leer'}`,
  close: 'Cerrar el chat',
  greeting: '¡Hola! ¿En qué podemos ayudarte?',
  conversation: 'Conversación',
  write: 'Escribe un mensaje',
  send: 'Enviar',
  attach: 'Adjuntar un archivo',
  dropHere: 'Suelta archivos para enviarlos',
  earlier: 'Ver mensajes anteriores',
  toNewest: 'Ir al último mensaje',
  reconnecting: 'Reconectando … Lo que escribas se guarda y se envía.',
  offline: 'Sin conexión. Lo que escribas se guarda y se envía.',
  signedOut: 'Tu sesión ha terminado. Recarga la página.',
  typing: 'está escribiendo …',
  sending: 'Enviando',
  sent: 'Enviado',
  delivered: 'Entregado',
  read: 'Leído',
  failed: 'No enviado',
  tooLarge: 'El archivo es demasiado grande.',
  unsupported: 'No se aceptan archivos de este tipo.',
  refused: 'El servidor no lo aceptó.',
  retry: 'Reintentar',
  discard: 'Descartar',
  cancel: 'Cancelar',
  edited: 'editado',
  deleted: 'Este mensaje se eliminó.',
  you: 'Tú',
  today: 'Hoy',
  yesterday: 'Ayer',
  closed: 'Esta conversación ha terminado.',
  rate: '¿Qué tal fue?',
  stars: (count) => `${count} de 5`,
  comment: '¿Algo que añadir? (opcional)',
  submit: 'Enviar valoración',
  thanks: 'Gracias por tu valoración.',
  startAnew: 'Empezar otra conversación',
  elsewhere: 'Nueva respuesta en otra conversación: verla',
  newTab: 'se abre en otra pestaña',
};

const pt: Texts = {
  title: 'Fale conosco',
  open: 'Abrir o chat',
  openUnread: (count) =>
    `Abrir o chat, ${count} ${count === 1 ? 'mensagem não lida' : 'mensagens não lidas'}`,
  close: 'Fechar o chat',
  greeting: 'Olá! Como podemos ajudar?',
  conversation: 'Conversa',
  write: 'Escreva uma mensagem',
  send: 'Enviar',
  attach: 'Anexar um arquivo',
  dropHere: 'Solte arquivos para enviá-los',
  earlier: 'Ver mensagens anteriores',
  toNewest: 'Ir para a última mensagem',
  reconnecting: 'Reconectando … O que você escrever será guardado e enviado.',
  offline: 'Sem conexão. O que você escrever será guardado e enviado.',
  signedOut: 'Sua sessão terminou. Recarregue a página.',
  typing: 'está digitando …',
  sending: 'Enviando',
  sent: 'Enviada',
  delivered: 'Entregue',
  read: 'Lida',
  failed: 'Não enviada',
  tooLarge: 'O arquivo é grande demais.',
  unsupported: 'Arquivos deste tipo não são aceitos.',
  refused: 'O servidor não aceitou.',
  retry: 'Tentar de novo',
  discard: 'Descartar',
  cancel: 'Cancelar',
  edited: 'editada',
  deleted: 'Esta mensagem foi apagada.',
  you: 'Você',
  today: 'Hoje',
  yesterday: 'Ontem',
  closed: 'Esta conversa terminou.',
  rate: 'Como foi?',
  stars: (count) => `${count} de 5`,
  comment: 'Algo a acrescentar? (opcional)',
  submit: 'Enviar avaliação',
  thanks: 'Obrigado pela sua avaliação.',
  startAnew: 'Começar outra conversa',
  elsewhere: 'Nova resposta em outra conversa: mostrar',
  newTab: 'abre em outra aba',
};

const TEXTS: Readonly<Record<string, Texts>> = { en, es, pt };

/** The first of these languages that the widget speaks. */
export function localeOf(...wanted: (string | null | undefined)[]): string {
  return wanted.find((locale) => locale && languageOf(locale) in TEXTS) ?? 'en';
}

export function textsOf(locale: string): Texts {
  return TEXTS[languageOf(locale)] ?? en;
}

function languageOf(locale: string): string {
  return locale.toLowerCase().split(/[-_]/, 1)[0]!;
}
