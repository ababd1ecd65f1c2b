// The real discovery worker with a network that the test plays.
import './scripted-fetch.ts';
import '#lib/client/discovery-worker.ts';
