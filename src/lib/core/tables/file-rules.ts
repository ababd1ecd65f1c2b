// What a file's path alone says about what it is for: the rules that models are measured against, first match wins.

/** A rule for the seven categories of project files. `precision` is our estimate of how often it is right. */
export interface FileRule {
	category: string;
	/** What the path looks like, from the project's folder, in lower case. */
	path: RegExp;
	precision: 'high' | 'medium';
}

const rule = (category: string, path: RegExp, precision: FileRule['precision'] = 'high'): FileRule => ({
	category,
	path,
	precision,
});

const source =
	/\.(c|cc|cpp|cxx|h|hpp|cs|go|rs|java|kt|kts|scala|swift|m|mm|py|rb|php|pl|pm|lua|r|jl|hs|ml|ex|exs|erl|clj|dart|js|mjs|cjs|jsx|ts|mts|cts|tsx|vue|svelte|sql|sh|bash|zsh|fish|ps1|bat|html|css|scss|less|zig|nim|f90|pas|groovy|proto)$/;

/** Tests first: they are code too, and lie beside it. Then builds, settings, words, records and code by their names. */
export const fileRules: readonly FileRule[] = [
	rule('test', /(^|\/)(conftest\.py|test_[^/]*\.\w+|[^/]*_test\.\w+|[^/]*_spec\.\w+)$/),
	rule('test', /[.-](test|tests|spec|cy|e2e)\.\w+$/),
	rule('test', /(^|\/)(__tests__|__mocks__|tests?|spec|specs|cypress|e2e)\/.*\.(\w+)$/, 'medium'),
	rule('configuration', /(^|\/)(jest|vitest|playwright|karma|cypress)\.config\.\w+$/),
	rule(
		'build',
		/(^|\/)(dockerfile|containerfile|makefile|gnumakefile|justfile|rakefile|jenkinsfile|vagrantfile|procfile)(\.\w+)?$/,
	),
	rule(
		'build',
		/(^|\/)(cmakelists\.txt|build\.gradle(\.kts)?|pom\.xml|build\.xml|meson\.build|build\.bazel|workspace\.bazel|build\.rs|setup\.py|build\.sh|configure\.ac)$/,
	),
	rule('build', /(^|\/)(docker-)?compose(\.\w+)?\.ya?ml$/),
	rule('build', /(^|\/)(\.github\/workflows|\.circleci|\.gitlab|\.buildkite)\/.*\.ya?ml$/),
	rule('build', /(^|\/)(\.gitlab-ci|\.travis|azure-pipelines|cloudbuild|appveyor|bitbucket-pipelines)\.ya?ml$/),
	rule(
		'build',
		/(\.(mk|cmake|bazel|bzl|nix|dockerfile|gradle|spec)|(^|\/)(webpack|rollup|gulpfile|gruntfile|esbuild)[^/]*\.\w+)$/,
	),
	rule(
		'documentation',
		/(^|\/)(readme|changelog|changes|history|contributing|authors|license|licence|copying|notice|security|code_of_conduct|install|upgrading|faq)(\.\w+)?$/,
	),
	rule('documentation', /\.(md|mdx|rst|adoc|asciidoc|texi|1|3|5|8|man|pod)$/),
	rule('documentation', /(^|\/)(docs?|manual|guide)\/.*\.(txt|html|tex|org)$/, 'medium'),
	rule(
		'configuration',
		/(^|\/)(package|tsconfig|jsconfig|composer|deno|renovate|bower|angular|nx|turbo|vercel)(\.\w+)?\.jsonc?$/,
	),
	rule('configuration', /\.(ini|toml|cfg|conf|config|properties|env|editorconfig|plist|service|rc)$/),
	rule('configuration', /(^|\/)\.[\w-]+(rc|ignore|config|attributes|env)(\.\w+)*$/),
	rule('configuration', /(^|\/)\.env(\.\w+)*$/),
	rule('configuration', /(^|\/)[^/]*(config|settings|options)[^/]*\.(json|ya?ml|xml|js|ts|py|lua)$/),
	rule('data', /\.(csv|tsv|jsonl|ndjson|parquet|geojson|log|sqlite|db|dat|gpx|kml|fasta|vcf|srt|po)$/),
	rule('data', /(^|\/)(data|datasets?|samples|seeds?|fixtures)\/.*\.(json|xml|txt|ya?ml|sql)$/, 'medium'),
	rule('configuration', /\.(ya?ml)$/, 'medium'),
	rule('code', source),
	rule('data', /\.(json|xml)$/, 'medium'),
	rule('other', /\.(txt|eml|ics|vcf|tex|org|rtf)$/, 'medium'),
];

/** Interpreters of scripts without an extension. */
export const scriptLine = /^#!.*\b(sh|bash|zsh|python[\d.]*|node|ruby|perl|php|deno|Rscript|lua)\b/;
