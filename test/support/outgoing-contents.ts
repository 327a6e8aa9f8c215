/** Contents of `POST /messages` that Meta takes as they are. */
export const BUTTONS = {
  type: 'interactive',
  body: 'Which size?',
  payload: {
    interactive_type: 'button',
    header: { type: 'text', text: 'Shirts' },
    footer: 'Until Friday',
    buttons: [
      { id: 's', title: 'Small' },
      { id: 'l', title: 'Large' },
    ],
  },
};
export const LIST = {
  type: 'interactive',
  body: 'Which size?',
  payload: {
    interactive_type: 'list',
    button: 'Sizes',
    sections: [{ title: 'All', rows: [{ id: 's', title: 'Small', description: 'up to 50 kg' }] }],
  },
};
export const CTA = {
  type: 'interactive',
  body: 'Your order',
  payload: { interactive_type: 'cta_url', display_text: 'Open', url: 'https://shop.test/1' },
};
/** One of `contacts`. */
export const CARD = {
  name: { formatted_name: 'Bia Reis' },
  phones: [{ phone: '+55 11 98888-0000', type: 'CELL' }],
};
