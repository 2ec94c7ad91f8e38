"""
What an author is shown of a repository; no model is needed.

    tree.Tree(root=, overlay={path: text or None})            a checkout and the edits not yet written into it
    store.Store(directory)                                     what is known of files by their content, shared by all
    await index.open_index(tree, store) -> Index               .symbols(path), .skipped, .counts
    await ranking.rank(index, task) -> Ranking                 .files, .symbols, best first, with reasons
    await repository_map.repository_map(index, ranking, tokens=) -> str
    await retrieval.retrieve(index, query, k, embedder=, store=) -> Retrieved(.passages)
    await searching.search_text(tree, pattern, literal=, paths=), search_symbol(index, name), list_files(tree, pattern)
    truncation.truncate(text, limit=, read_on=) -> str

Same tree and same question, same answer, byte for byte. The tree is untrusted: it is read, never run.
"""
