// A worker that breaks on its first message.
self.addEventListener('message', () => {
	throw new Error('broken');
});
