// Checks a log that Gongdao published with Go's own implementation of such logs
// (golang.org/x/mod/sumdb/tlog and note), which shares no code and no author with ours.
//
//	go_check -vkey KEY [-witness KEY]... [-proofs FILE] [-receipt FILE]... FOLDER
//
// FOLDER is an exported log: checkpoint, tile/... Everything is recomputed from the entries: each
// leaf hash, the root, every tile that the tree has; then the proofs and receipts are checked. The
// answer is one line of JSON, or a message on standard error and exit code 1.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type list []string

func (l *list) String() string         { return strings.Join(*l, " ") }
func (l *list) Set(value string) error { *l = append(*l, value); return nil }

// A witness verifies cosignature/v1 lines, which Go's package leaves to others.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }
func (w *witness) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, msg)
	return ed25519.Verify(w.key, []byte(signed), sig[8:])
}

func newWitness(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("malformed witness key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, errors.New("malformed witness key")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil || uint32(hash) != binary.BigEndian.Uint32(sum[:]) {
		return nil, errors.New("a witness key with another id")
	}
	return &witness{parts[0], uint32(hash), key[1:]}, nil
}

// openCheckpoint checks the signatures and takes the three lines apart.
func openCheckpoint(data []byte, keys note.Verifiers, origin string) (tlog.Tree, int, error) {
	n, err := note.Open(data, keys)
	if err != nil {
		return tlog.Tree{}, 0, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != origin {
		return tlog.Tree{}, 0, errors.New("a checkpoint has three lines, the first its origin")
	}
	signed := false
	for _, sig := range n.Sigs {
		signed = signed || sig.Name == origin
	}
	if !signed {
		return tlog.Tree{}, 0, errors.New("not signed by the log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, 0, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, len(n.Sigs), err
}

// tiles reads tiles of height 8 from a folder laid out as c2sp.org/tlog-tiles says.
type tiles struct {
	folder string
	read   map[string]bool
}

func (t *tiles) Height() int                     { return height }
func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, one := range wanted {
		name := "tile/" + strings.TrimPrefix(one.Path(), fmt.Sprintf("tile/%d/", height))
		data, err := os.ReadFile(filepath.Join(t.folder, name))
		if err != nil {
			return nil, err
		}
		if len(data) != one.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has the wrong length", name)
		}
		t.read[name] = true
		found = append(found, data)
	}
	return found, nil
}

// readEntries reads all bundles of a log with size entries.
func readEntries(folder string, size int64) ([][]byte, error) {
	var entries [][]byte
	for n := int64(0); n*256 < size; n++ {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		tile := tlog.Tile{H: height, L: 0, N: n, W: int(width)}
		name := "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/0/")
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		for i := int64(0); i < width; i++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s is cut off", name)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			entries, data = append(entries, data[2:end]), data[end:]
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("%s has bytes left over", name)
		}
	}
	return entries, nil
}

// hashes is the tree as recomputed from the entries.
type hashes []tlog.Hash

func (h *hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, i := range indexes {
		if i >= int64(len(*h)) {
			return nil, errors.New("no such hash")
		}
		found = append(found, (*h)[i])
	}
	return found, nil
}

func recompute(entries [][]byte) (*hashes, error) {
	all := &hashes{}
	for i, entry := range entries {
		more, err := tlog.StoredHashes(int64(i), entry, all)
		if err != nil {
			return nil, err
		}
		*all = append(*all, more...)
	}
	return all, nil
}

// checkTiles compares every tile of the tree with the recomputed hashes.
func checkTiles(folder string, tree tlog.Tree, own *hashes) (int, error) {
	reader := &tiles{folder, map[string]bool{}}
	all := tlog.NewTiles(height, 0, tree.N)
	for i, tile := range all {
		if i+1 < len(all) && all[i+1].L == tile.L && all[i+1].N == tile.N {
			continue // partial tiles of earlier trees, each narrower than the next
		}
		want, err := tlog.ReadTileData(tile, own)
		if err != nil {
			return 0, err
		}
		found, err := reader.ReadTiles([]tlog.Tile{tile})
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(found[0], want) {
			return 0, fmt.Errorf("%s is wrong", tile.Path())
		}
	}
	return len(reader.read), nil
}

// proofs are what our implementation made of the same tiles.
type proofs struct {
	Inclusion []struct {
		Index, Size int64
		Path        []string
	}
	Consistency []struct {
		Old, New int64
		Path     []string
	}
}

func decode(path []string) ([]tlog.Hash, error) {
	found := []tlog.Hash{}
	for _, text := range path {
		data, err := hex.DecodeString(text)
		if err != nil || len(data) != tlog.HashSize {
			return nil, errors.New("a hash of the wrong length")
		}
		var hash tlog.Hash
		copy(hash[:], data)
		found = append(found, hash)
	}
	return found, nil
}

func checkProofs(file string, own *hashes) (int, error) {
	var given proofs
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &given)
	}
	if err != nil {
		return 0, err
	}
	for _, one := range given.Inclusion {
		path, err := decode(one.Path)
		if err != nil {
			return 0, err
		}
		root, err := tlog.TreeHash(one.Size, own)
		if err != nil {
			return 0, err
		}
		leaf := (*own)[tlog.StoredHashIndex(0, one.Index)]
		if err := tlog.CheckRecord(path, one.Size, root, one.Index, leaf); err != nil {
			return 0, fmt.Errorf("inclusion of %d in %d: %w", one.Index, one.Size, err)
		}
	}
	for _, one := range given.Consistency {
		path, err := decode(one.Path)
		if err != nil {
			return 0, err
		}
		old, err := tlog.TreeHash(one.Old, own)
		if err != nil {
			return 0, err
		}
		root, err := tlog.TreeHash(one.New, own)
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckTree(path, one.New, root, one.Old, old); err != nil {
			return 0, fmt.Errorf("consistency of %d and %d: %w", one.Old, one.New, err)
		}
	}
	return len(given.Inclusion) + len(given.Consistency), nil
}

// checkReceipt checks a .tlog-proof file whose extra holds the entry.
func checkReceipt(file string, keys note.Verifiers, origin string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, checkpoint, _ := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("no receipt")
	}
	extra, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return err
	}
	var carried struct{ Entry []byte }
	if err := json.Unmarshal(extra, &carried); err != nil {
		return err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return err
	}
	var path tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		path = append(path, hash)
	}
	tree, _, err := openCheckpoint([]byte(checkpoint), keys, origin)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(carried.Entry))
}

func check(folder, vkey, proofFile string, witnesses, receipts []string) (map[string]int, error) {
	log, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	known := []note.Verifier{log}
	for _, one := range witnesses {
		w, err := newWitness(one)
		if err != nil {
			return nil, err
		}
		known = append(known, w)
	}
	keys := note.VerifierList(known...)
	data, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return nil, err
	}
	tree, signatures, err := openCheckpoint(data, keys, log.Name())
	if err != nil {
		return nil, err
	}
	entries, err := readEntries(folder, tree.N)
	if err != nil {
		return nil, err
	}
	own, err := recompute(entries)
	if err != nil {
		return nil, err
	}
	root, err := tlog.TreeHash(tree.N, own)
	if err != nil {
		return nil, err
	}
	if root != tree.Hash {
		return nil, errors.New("the entries do not make the root that was signed")
	}
	answer := map[string]int{"entries": len(entries), "signatures": signatures}
	if answer["tiles"], err = checkTiles(folder, tree, own); err != nil {
		return nil, err
	}
	// Once more as a client would, from the tiles alone.
	reader := tlog.TileHashReader(tree, &tiles{folder, map[string]bool{}})
	if root, err = tlog.TreeHash(tree.N, reader); err != nil || root != tree.Hash {
		return nil, fmt.Errorf("the tiles do not make the root that was signed: %v", err)
	}
	if proofFile != "" {
		if answer["proofs"], err = checkProofs(proofFile, own); err != nil {
			return nil, err
		}
	}
	for _, file := range receipts {
		if err := checkReceipt(file, keys, log.Name()); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
	}
	answer["receipts"] = len(receipts)
	return answer, nil
}

func main() {
	var witnesses, receipts list
	vkey := flag.String("vkey", "", "the log's key")
	proofFile := flag.String("proofs", "", "JSON with proofs to check")
	flag.Var(&witnesses, "witness", "a witness's key; repeatable")
	flag.Var(&receipts, "receipt", "a .tlog-proof file; repeatable")
	flag.Parse()
	answer, err := check(flag.Arg(0), *vkey, *proofFile, witnesses, receipts)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	line, _ := json.Marshal(answer)
	fmt.Println(string(line))
}
