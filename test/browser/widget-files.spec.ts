import { describeWithChromium } from '../support/browser';
import { eventually } from '../support/eventually';
import { picture } from '../support/files';
import { WidgetWorld } from '../support/widget-world';

describeWithChromium('files in the widget')('files in the widget', () => {
  let world: WidgetWorld;

  beforeAll(async () => {
    world = await WidgetWorld.start();
  });
  afterEach(() => world.leave());
  afterAll(() => world.stop());

  test('a picture is sent, shown and kept, in its place among the messages', async () => {
    const widget = await world.visit(await world.someone());
    await widget.write('Look:');
    const file = { name: 'broken lamp.png', mimeType: 'image/png', buffer: await picture('png') };
    await widget.inside('.composer input').setInputFiles(file);
    await widget.write('Do you see it?');
    await widget.becomes('delivered', 'delivered', 'delivered');
    const loaded = async (): Promise<boolean> =>
      await widget
        .inside('.mine img')
        .evaluate(
          (img: { naturalWidth: number; src: string }) => img.naturalWidth > 0 && img.src.startsWith('http'),
        );
    await eventually(loaded, { what: 'the picture' });
    await widget.page.reload();
    await widget.open();
    await eventually(loaded, { what: 'the picture after a reload' });
    const stored = await world.system.sql<{ type: string }>(
      'select type from message where conversation_id = $1 order by id',
      [await world.conversationOf('Look:')],
    );
    expect(stored.map(({ type }) => type)).toEqual(['text', 'image', 'text']);
    expect(widget.problems).toEqual([]);
  });

  test('files can be pasted and dropped, also as the very first thing', async () => {
    const widget = await world.visit(await world.someone());
    const drop = (type: string, target: string, name: string): string => `{
      const carried = new DataTransfer();
      carried.items.add(new File(['some notes'], '${name}', { type: 'text/plain' }));
      const { shadowRoot } = document.querySelector('apice-chat');
      shadowRoot.querySelector('${target}').dispatchEvent('${type}' === 'paste'
        ? new ClipboardEvent('paste', { clipboardData: carried, bubbles: true, cancelable: true })
        : new DragEvent('${type}', { dataTransfer: carried, bubbles: true, cancelable: true }));
    }`;
    await widget.page.evaluate(drop('paste', '.composer textarea', 'pasted.txt'));
    await widget.becomes('delivered', 'delivered'); // its name opened the conversation
    await widget.page.evaluate(drop('dragover', '.log', 'dropped.txt'));
    await widget.inside('.drop').waitFor();
    await widget.page.evaluate(drop('drop', '.drop', 'dropped.txt'));
    await widget.becomes('delivered', 'delivered', 'delivered');
    expect(await widget.inside('.drop').isVisible()).toBe(false);
    expect((await widget.bubbles()).map((text) => text.replace(/\d+ B$/, ''))).toEqual([
      'pasted.txt',
      'pasted.txt',
      'dropped.txt',
    ]);
    const href = await widget.inside('.mine a').last().getAttribute('href');
    expect(await (await fetch(href!)).text()).toBe('some notes');
  });

  test('a file that the server will not have says so, and holds up nothing', async () => {
    const widget = await world.visit(await world.someone());
    const file = { name: 'tool.exe', mimeType: 'application/octet-stream', buffer: Buffer.from('MZ\0\0') };
    await widget.write('here it comes');
    await widget.inside('.composer input').setInputFiles(file);
    await widget.write('after it');
    await widget.inside('.problem').waitFor();
    await world.conversationOf('after it');
    await widget.inside('.problem').getByText('Discard').click();
    await widget.shows('here it comes', 'after it');
  });
});
